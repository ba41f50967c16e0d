import assert from 'node:assert/strict';
import { filledText, MissingColumn, onlyColumn, parseColumnText } from './columnTexts.js';

const fill = (text: string, row: object): string =>
  filledText(parseColumnText(text) ?? [], row as Readonly<Record<string, unknown>>);

describe('a text with columns in it', () => {
  it('is filled in from a row: texts as they are, numbers and truth values as JSON writes them', () => {
    assert.equal(fill('Q: {question}\nA:', { question: 'why {x}?' }), 'Q: why {x}?\nA:');
    assert.equal(fill('{a}{b c}{d}', { a: 1.5, 'b c': true, d: '' }), '1.5true');
  });

  it('reaches into a column by a path; a column of that very name goes first', () => {
    const row = {
      answer: { value: 'Oslo', rank: 1 },
      choices: { text: ['a', 'b'] },
      'x.y': 'whole',
      x: { y: 'part' },
    };
    assert.equal(fill('{answer.value} {answer.rank} {choices.text.1} {x.y}', row), 'Oslo 1 b whole');
    for (const path of [
      'answer',
      'answer.none',
      'choices.text.2',
      'choices.text.length',
      'answer.value.0',
      'answer.',
    ])
      assert.throws(() => fill(`{${path}}`, row), MissingColumn, path);
  });

  it('has braces where they are doubled', () => {
    assert.equal(fill('{{"a": {n}}}', { n: 1 }), '{"a": 1}');
  });

  it('is none with a brace that opens or closes nothing', () => {
    for (const text of ['{', '}', '{}', 'a {b', '{a{b}}']) assert.equal(parseColumnText(text), null, text);
  });

  it('names the column that a row lacks, or that holds no text; what every object has is no column', () => {
    for (const row of [{}, { a: null }, { a: [1] }])
      assert.throws(
        () => fill('{a}', row),
        (error) => error instanceof MissingColumn && error.column === 'a',
      );
    assert.throws(() => fill('{constructor}', {}), MissingColumn);
  });

  it('may be one column and nothing else', () => {
    assert.equal(onlyColumn(parseColumnText('{turns}') ?? []), 'turns');
    assert.equal(onlyColumn(parseColumnText('{a}{b}') ?? []), null);
    assert.equal(onlyColumn(parseColumnText('a') ?? []), null);
  });
});
