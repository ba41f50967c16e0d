import assert from 'node:assert/strict';
import { cell, markdownTable, oneLine, withinBytes } from './markdown.js';

describe('texts for the Web UI', () => {
  it('are one line, cut in whole characters by their bytes', () => {
    assert.equal(oneLine('a\n b\u0000c\t', 120), 'a b c');
    assert.equal(oneLine('abcdef', 6), 'abcdef');
    assert.equal(oneLine('abcdefg', 6), 'abc…');
    assert.equal(withinBytes('ää😀ä', 9), 'ää…', 'the emoji takes 4 bytes');
    assert.ok(Buffer.byteLength(withinBytes('é'.repeat(1000), 191)) <= 191);
  });

  it("can't break out of their cell or become markup", () => {
    assert.equal(cell('a|b\n*c* `d` [e](f) <g>'), 'a\\|b \\*c\\* \\`d\\` \\[e\\](f) \\<g\\>');
    assert.deepEqual(markdownTable(['x', 'y'], [['1', '2']]), [
      '| x\u00a0 | y |',
      '|---|---|',
      '| 1\u00a0 | 2 |',
    ]);
  });
});
