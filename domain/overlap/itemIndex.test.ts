import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cleanFamilies } from './cleanWorld.js';
import { createItemIndex } from './itemIndex.js';
import { itemsToFind } from './items.js';
import { OVERLAP_RULE } from './rule.js';
import { textsOfItem, textsOfRow, type EvaluationItem } from './texts.js';
import { normalise, tokensOf } from './tokens.js';

function item(id: string, question: string, ...answers: readonly string[]): EvaluationItem {
  return { benchmark: 'skill', split: 'test', id, turns: [question], answers };
}

const LONG =
  'A farmer has seventeen sheep, and all but nine of them run away one cold night in March, while the dog sleeps ' +
  'beside the gate. How many sheep does the farmer still have on the next morning?';
const ITEMS = [
  item('cats', 'What is the plural of cat?', 'cats'),
  item('sheep', LONG, 'nine', 'The farmer has nine sheep left'),
  item('sum', 'Compute 12-7', '5'),
  item('word', 'Hello', 'Hi there'),
  item('signs', '?!', 'what'),
];
const index = createItemIndex(ITEMS);
/** Matches of a row of a question and an answer, as `id kind`. */
function found(question: string, answer: string, of = index): readonly string[] {
  return of
    .match(textsOfRow({ prompt: question, completion: answer }))
    .map((match) => `${match.item.id} ${match.kind}`);
}

describe('the index of evaluation items', () => {
  it('finds the same question whatever the answer', () => {
    assert.deepEqual(found('What is the plural of cat?', 'dogs'), ['cats exact']);
    assert.deepEqual(found('what is   the plural of “CAT”', 'dogs'), ['cats normalised']);
    assert.deepEqual(found('?!', 'x'), ['signs exact']);
    assert.deepEqual(found('? !', 'x'), ['signs normalised']);
  });

  it('finds a question with a few other words only where the answer is there too', () => {
    const reworded = LONG.replace('next morning', 'following day');
    assert.deepEqual(found(reworded, 'Nine.'), ['sheep ngram']);
    assert.deepEqual(found(reworded, 'The farmer has nine sheep left, I think'), ['sheep ngram']);
    assert.deepEqual(found(reworded, 'eight'), []);
    assert.deepEqual(found(LONG.slice(LONG.length / 2), 'nine'), []);
  });

  it('finds a question inside other text, in the answer too', () => {
    assert.deepEqual(found('Be brief. What is the plural of cat? Thanks', 'It is cats'), ['cats ngram']);
    assert.deepEqual(found('Ask me something', 'What is the plural of cat? It is cats'), ['cats ngram']);
    assert.deepEqual(found('Be brief. What is the plural of cat? Thanks', 'It is cat s'), []);
    assert.deepEqual(found('Say hello to her', 'Hi there'), []);
  });

  it('takes neither another slot of a template nor other signs for a copy', () => {
    assert.deepEqual(found('What is the plural of dog?', 'cats'), []);
    for (const other of ['Compute 12+7', 'Compute 12/7', 'Compute 12.7', 'Compute 127'])
      assert.deepEqual(found(other, '5'), [], other);
    assert.deepEqual(found('compute: 12 − 7', ''), ['sum normalised']);
  });

  it('finds a question in any turn of a chat, and one of several turns in a row', () => {
    const asked = { ...item('chat', '', 'cats'), turns: ['Hi', 'Hello!', 'Plural of cat?'] };
    const chats = createItemIndex([asked, item('cats', 'Plural of cat?', 'cats')]);
    const turns = ['x', 'hi', 'hello', 'plural of cat', 'cats'];
    const messages = turns.map((content, at) => ({ role: at % 2 === 0 ? 'assistant' : 'user', content }));
    const kinds = chats.match(textsOfRow({ messages })).map((match) => [match.item.id, match.kind]);
    assert.deepEqual(kinds, [
      ['chat', 'normalised'],
      ['cats', 'normalised'],
    ]);
  });

  it('looks at both answers of a preference pair', () => {
    const prompt = LONG.replace('next morning', 'following day');
    for (const answers of [
      { chosen: 'nine', rejected: 'eight' },
      { chosen: 'eight', rejected: 'nine' },
    ])
      assert.equal(index.match(textsOfRow({ prompt, ...answers })).length, 1);
    const said = (content: string) => [{ role: 'assistant', content }];
    const chosen = [{ role: 'user', content: 'Plural of cat?' }, ...said('cats')];
    assert.equal(index.match(textsOfRow({ prompt: LONG, chosen, rejected: said('x') })).length, 1);
  });

  it('compares system messages only where questions mean several things without them', () => {
    const messages = (system: string) => [
      { role: 'system', content: system },
      { role: 'user', content: 'Sum it up.' },
    ];
    const read = (id: string, system: string) => ({
      ...{ benchmark: 'b', split: 'test', id },
      ...textsOfItem({ messages: messages(system), answers: ['a summary'] }, 'answers'),
    });
    const row = (system: string) => textsOfRow({ prompt: messages(system), completion: 'no' });
    const several = createItemIndex(itemsToFind([read('1', 'the text of one'), read('2', 'another text')]));
    assert.equal(several.match(row('a text of its own')).length, 0);
    assert.equal(several.match(row('another text')).length, 1);
    const one = createItemIndex(itemsToFind([read('1', 'the text of one'), read('2', 'the text of one')]));
    assert.equal(one.match(row('anything')).length, 2);
  });

  it('agrees with a plain comparison of every row with every item', () => {
    const text = (most: number) =>
      fc
        .array(fc.constantFrom(...'abcdef'), { minLength: 1, maxLength: most })
        .map((words) => words.join(' '));
    const items = fc.array(fc.tuple(text(14), text(5)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(items, fc.tuple(text(40), text(12)), (pairs, [question, answer]) => {
        const all = pairs.map(([asked, right], at) => item(String(at), asked, right));
        const ids = createItemIndex(all)
          .match(textsOfRow({ prompt: question, completion: answer }))
          .map((match) => match.item.id);
        const turns = [question, answer];
        const expected = all.filter((one) => plainly(all, one, turns)).map(({ id }) => id);
        assert.deepEqual(ids, expected);
      }),
      { numRuns: 600 },
    );
  });

  it('takes no row of clean data for a copy, however alike the questions are', () => {
    let rows = 0;
    for (const { name, items, rows: clean } of cleanFamilies('clean', 500)) {
      const of = createItemIndex(items);
      const wrong = clean.filter((row) => of.match(row).length > 0).map(({ turns }) => turns);
      assert.deepEqual(wrong, [], name);
      rows += clean.length;
    }
    assert.ok(rows >= 4000, String(rows));
  });

  it('finds every item that is planted in disguise among clean data', () => {
    for (const { name, items } of cleanFamilies('planted', 100)) {
      const of = createItemIndex(items);
      const disguises = (one: EvaluationItem) => [
        [one.turns[0]?.toUpperCase() ?? '', 'x'],
        [one.turns[0]?.replaceAll(' ', ' \n') ?? '', 'x'],
        [`Here is one: ${one.turns[0] ?? ''} And now?`, `I say: ${one.answers[0] ?? ''}`],
      ];
      const asked = items.filter(({ turns }) => tokensOf(turns[0] ?? '').length > 1);
      const missed = asked.flatMap((one) =>
        disguises(one).filter(([question = '', answer = '']) => {
          const row = textsOfRow({ prompt: question, completion: answer });
          return !of.match(row).some((match) => match.item.id === one.id);
        }),
      );
      assert.deepEqual(missed, [], name);
    }
  });
});

/** The rule as `rule.ts` words it, by comparing texts with texts. */
function plainly(all: readonly EvaluationItem[], one: EvaluationItem, row: readonly string[]): boolean {
  const asked = normalise(one.turns[0] ?? '');
  if (row.some((turn) => normalise(turn) === asked)) return true;
  const tokens = asked.split(' ');
  if (tokens.length < 2) return false;
  const grams = plainGrams(tokens, Math.min(tokens.length, OVERLAP_RULE.questionGram));
  const others = new Set(
    all.map(({ turns }) => normalise(turns[0] ?? '')).filter((other) => other !== asked),
  );
  const own = grams.filter((gram) => ![...others].some((other) => gramsOfText(other, 5).includes(gram)));
  const questions = share(grams, row.flatMap(tokensOf));
  const enough =
    own.length === 0 ? questions === 1 : questions >= 0.8 && share(own, row.flatMap(tokensOf)) >= 0.8;
  return enough && one.answers.some((answer) => share(gramsOfText(answer, 3), tokensOf(row[1] ?? '')) >= 0.8);
}

function gramsOfText(text: string, n: number): readonly string[] {
  const tokens = tokensOf(text);
  return plainGrams(tokens, Math.min(tokens.length, n));
}

function plainGrams(tokens: readonly string[], n: number): readonly string[] {
  return [...new Set(tokens.slice(n - 1).map((_, at) => tokens.slice(at, at + n).join(' ')))];
}

/** Of the grams those that stand in a row; 1 for all. */
function share(grams: readonly string[], row: readonly string[]): number {
  const text = ` ${row.join(' ')} `;
  return grams.filter((gram) => text.includes(` ${gram} `)).length / grams.length;
}
