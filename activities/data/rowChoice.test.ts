import assert from 'node:assert/strict';
import type { JsonObject } from '../../domain/json.js';
import { derivedRows, openDatasetWorld, prompts, type DatasetWorld, type Rows } from './testDatasets.js';

describe('rows that are left out', () => {
  let world: DatasetWorld;
  beforeEach(async () => {
    world = await openDatasetWorld();
  });
  afterEach(() => world.close());
  const raw = { path: 'raw.jsonl' };
  const row = (prompt: string, completion: string) => ({ prompt, completion });

  describe('by filter', () => {
    const left = async (rows: Rows, conditions: JsonObject) => {
      const fine = row('fine', 'a good answer of some words');
      const made = await derivedRows('filter', [fine, ...rows], conditions);
      return { kept: prompts(made.rows), ...made.leftOut };
    };
    const cases: readonly (readonly [string, Rows[number], JsonObject])[] = [
      ['a short answer', row('x', 'no'), { answerCharacters: { atLeast: 3 } }],
      ['a long answer', row('x', 'w '.repeat(50)), { answerWords: { atMost: 10 } }],
      ['a long prompt', row('x'.repeat(9), 'yes, indeed it is'), { promptCharacters: { atMost: 8 } }],
      ['a prompt of many words', row('a b c', 'yes, indeed it is'), { promptWords: { atMost: 2 } }],
      ['an answer out of proportion', row('a', 'b'.repeat(100)), { answerToPrompt: { atMost: 10 } }],
      ['an answer without what is required', row('x', 'none'), { answerMatches: ['a', '(?i)GOOD'] }],
      ['an answer with what is forbidden', row('x', 'As an AI model, no'), { answerLacks: ['\\bAI\\b'] }],
      ['a prompt without what is required', row('x', 'y'), { promptMatches: ['^f'] }],
      ['a prompt with what is forbidden', row('see http://x', 'y'), { promptLacks: ['https?://'] }],
      ['an answer of symbols', row('x', '#### ????'), { symbols: 0.3 }],
      ['an answer of repeated lines', row('x', 'la\nla\nla\nlo'), { repeatedLines: 0.3 }],
      ['an answer that says one pair of words', row('x', 'go on '.repeat(9)), { top2gram: 0.2 }],
      ['an answer that says one run of three', row('x', 'a b c '.repeat(9)), { top3gram: 0.18 }],
      ['an answer that says one run of four', row('x', 'a b c d '.repeat(9)), { top4gram: 0.16 }],
      ['an answer that says its words again', row('x', 'a b c d e f '.repeat(2)), { repeated5grams: 0.15 }],
      [
        'an answer that says a long part again',
        row('x', 'a b c d e f g h i j '.repeat(3)),
        { repeated10grams: 0.1 },
      ],
    ];
    for (const [what, bad, conditions] of cases)
      it(`are ${what}`, async () => {
        const [reason = ''] = Object.keys(conditions);
        const found = await left([bad], conditions);
        assert.deepEqual(found, { kept: ['fine'], [reason]: 1 });
      });

    it('are not those whose words are characters, where nothing is put between words', async () => {
      const { kept } = await left([row('x', '今天天气很好')], { answerWords: { atLeast: 6, atMost: 6 } });
      assert.deepEqual(kept, ['fine', 'x']);
    });

    it('count for the first condition that they fail, in the order of the table', async () => {
      const conditions = { symbols: 0.1, answerCharacters: { atLeast: 5 } };
      const found = await left([row('a', '#'), row('b', '########')], conditions);
      assert.deepEqual(found, { kept: ['fine'], answerCharacters: 1, symbols: 1 });
    });

    it('are pairs of which one answer fails, and chats by their assistant turns', async () => {
      const chat = (answer: string) => ({
        messages: [
          { role: 'user', content: 'a question that is long' },
          { role: 'assistant', content: answer },
        ],
      });
      await world.write('raw.jsonl', [chat('good answer'), chat('no')]);
      await world.write('pairs.jsonl', [
        { prompt: 'one', chosen: 'good', rejected: 'no' },
        { prompt: 'two', chosen: 'good', rejected: 'nope' },
      ]);
      const plan = await world.prepare({
        raw,
        pairs: { path: 'pairs.jsonl' },
        chats: { filter: { from: 'raw', answerCharacters: { atLeast: 3 } } },
        both: { filter: { from: 'pairs', answerCharacters: { atLeast: 3 } } },
      });
      assert.equal((await world.rows(plan, 'chats')).length, 1);
      assert.deepEqual(prompts(await world.rows(plan, 'both')), ['two']);
    });

    it('take no longer than the text for an expression that would backtrack for ever', async () => {
      const answer = `${'a'.repeat(50_000)}!`;
      const { kept } = await left([row('x', answer)], { answerLacks: ['^(a+)+$'] });
      assert.deepEqual(kept, ['fine', 'x']);
    }).timeout(5000);

    it('may not be all of them', async () => {
      await world.write('raw.jsonl', [row('a', 'b')]);
      const some = { filter: { from: 'raw', answerWords: { atLeast: 9 } } };
      assert.deepEqual(await world.refusal({ raw, some }), [
        'datasets.some.filter: expected at least one row, got none (left out: answerWords 1). Ask for less.',
      ]);
    });

    it('are none: a note says that it is the same data', async () => {
      await world.write('raw.jsonl', [row('a', 'b')]);
      const plan = await world.prepare({
        raw,
        some: { filter: { from: 'raw', answerWords: { atLeast: 1 } } },
      });
      assert.ok(plan.notes.includes('datasets.some: its filter leaves no row out; it is raw again'));
    });
  });

  describe('by dedupe', () => {
    const long = Array.from({ length: 60 }, (_, at) => `word${String(at)}`).join(' ');
    const rows: Rows = [
      row('q', 'An answer.'),
      row('q', 'An answer.'),
      row('Q!', 'an  answer'),
      row('long', long),
      row('long', `${long} more`),
      row('other', [...long.split(' ')].reverse().join(' ')),
      row('q', 'Another one.'),
    ];
    const uniques = async (options: JsonObject) => {
      const made = await derivedRows('dedupe', rows, options);
      const texts = rows.map((one) => JSON.stringify(one));
      return { kept: made.rows.map((one) => texts.indexOf(JSON.stringify(one))), left: made.leftOut };
    };

    it('equal another one to the letter', async () => {
      assert.deepEqual(await uniques({}), { kept: [0, 2, 3, 4, 5, 6], left: { repeated: 1 } });
    });
    it('equal it but for case, spacing and punctuation', async () => {
      assert.deepEqual(await uniques({ match: 'normalised' }), {
        kept: [0, 3, 4, 5, 6],
        left: { repeated: 2 },
      });
    });
    it('share most of their runs of words with it', async () => {
      assert.deepEqual(await uniques({ match: 'near' }), { kept: [0, 3, 5, 6], left: { repeated: 3 } });
    });
    it('have its prompt', async () => {
      assert.deepEqual(await uniques({ by: 'prompt' }), { kept: [0, 2, 3, 5], left: { repeated: 3 } });
    });
    it('are found among many more than first fit the index', async () => {
      const many = Array.from({ length: 3000 }, (_, at) =>
        row(`n ${String(at % 1500)}`, `a${String(at % 1500)} b c d`),
      );
      const made = await derivedRows('dedupe', many, { match: 'near', gram: 1, threshold: 1 });
      assert.equal(made.rows.length, 1500);
    });
  });
});
