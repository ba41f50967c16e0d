import assert from 'node:assert/strict';
import { csvText } from './csv.js';

describe('CSV', () => {
  it('quotes what would break a line or a cell, and leaves nothing else in quotes', () => {
    assert.equal(
      csvText(
        ['a', 'b'],
        [
          ['x', 1.5],
          ['say "hi", twice', null],
          ['two\nlines', true],
        ],
      ),
      'a,b\r\nx,1.5\r\n"say ""hi"", twice",\r\n"two\nlines",true\r\n',
    );
  });

  it('keeps a spreadsheet from running text as a formula, and numbers numbers', () => {
    assert.equal(
      csvText(['a'], [['=1+1'], ['@x'], ['-2'], ['+2'], [-2], ['a=1'], ['=HYPERLINK("x","y")']]),
      `a\r\n'=1+1\r\n'@x\r\n'-2\r\n'+2\r\n-2\r\na=1\r\n"'=HYPERLINK(""x"",""y"")"\r\n`,
    );
  });
});
