import assert from 'node:assert/strict';
import fc from 'fast-check';
import { normalise, tokensOf } from './tokens.js';

const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 60 });
const word = fc.stringMatching(/^[a-zé猫]{2,6}[0-9]?$/);

describe('the normal form of a text', () => {
  it('is its own normal form, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, ascii, fc.string({ unit: 'grapheme' })), (text) => {
        assert.equal(normalise(normalise(text)), normalise(text));
      }),
      { numRuns: 3000 },
    );
  });

  it('does not depend on case, spacing, punctuation between words, Unicode form, or invisible characters', () => {
    const gap = fc.constantFrom(
      ' ',
      '  ',
      '\n',
      '\u00a0',
      ', ',
      '. ',
      '; ',
      ' … ',
      ' “',
      '”: ',
      '?\t',
      '! ',
      "' ",
    );
    const disguise = fc.constantFrom(
      (text: string) => text.toUpperCase(),
      (text: string) => text.normalize('NFD'),
      (text: string) => text.replace(/(?<=.)/u, '\u200b'),
      (text: string) => [...text].map((one) => (/[a-z]/.test(one) ? wide(one) : one)).join(''),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(word, gap, disguise), { minLength: 1 }), (parts) => {
        const plain = parts.map(([text]) => text).join(' ');
        const other = parts.map(([text, between, change]) => change(text) + between).join('');
        assert.equal(normalise(other), normalise(plain));
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps texts apart that differ in a letter or a digit', () => {
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1 }),
        fc.nat(),
        fc.constantFrom('q', '7'),
        (words, at, extra) => {
          const place = at % words.length;
          const changed = words.map((one, index) => (index === place ? extra + one : one));
          assert.notEqual(normalise(changed.join(' ')), normalise(words.join(' ')));
        },
      ),
    );
  });

  it('is the same by the short cut for ASCII as by the rule for all texts', () => {
    fc.assert(
      fc.property(ascii, (text) => {
        const byRule = tokensOf(`a ${text} é`).slice(1, -1);
        assert.deepEqual(byRule, tokensOf(`a ${text} zz`).slice(1, -1));
      }),
      { numRuns: 3000 },
    );
  });

  const cases: readonly (readonly [string, string])[] = [
    ['  Plural  of:\tCAT?! ', 'plural of cat'],
    ['ﬁne ＣＡＴ №5', 'fine cat no5'],
    ['con\u00adtam\u200bination', 'contamination'],
    ['{"fx":[62,"NOK","CHF"]}', 'fx 62 nok chf'],
    ['3.50, 1,000 and v1.2', '3.50 1 000 and v1 2'],
    ['12-7', '12 - 7'],
    ['12 − 7', '12 - 7'],
    ['12/7', '12 / 7'],
    ['(2+3)*4', '( 2 + 3 ) * 4'],
    ['a * (b - c)', 'a * ( b - c )'],
    ['well-known (see below) **bold**', 'well known see below bold'],
    ['猫の複数形は？', '猫 の 複 数 形 は'],
    ['İstanbul', 'i̇stanbul'],
    ['[]', '[ ]'],
    ['?!', '? !'],
    ['', ''],
  ];
  for (const [text, expected] of cases)
    it(`of ${JSON.stringify(text)} is ${JSON.stringify(expected)}`, () => {
      assert.equal(normalise(text), expected);
    });
});

function wide(letter: string): string {
  return String.fromCharCode(letter.charCodeAt(0) + 0xfee0);
}
