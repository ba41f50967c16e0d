import assert from 'node:assert/strict';
import { plainText } from './plainText.js';

describe('plain text', () => {
  it('shows control characters and turned writing instead of obeying them', () => {
    assert.equal(plainText('a\u001b[31mred\u0000\u202e b\r'), 'a\\u001b[31mred\\u0000\\u202e b\\u000d');
  });

  it('keeps lines, tabs and the letters of all languages', () => {
    assert.equal(plainText('größe\tπ\n日本語 🙂'), 'größe\tπ\n日本語 🙂');
  });

  it('cuts a line that nobody would read, in its middle', () => {
    const cut = plainText(`${'x'.repeat(50_000)}end\nnext`);
    assert.ok(cut.length < 2100);
    assert.match(cut, /^x{1000} … x+end\nnext$/);
  });
});
