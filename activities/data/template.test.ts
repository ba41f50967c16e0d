import assert from 'node:assert/strict';
import { datasetOf, openDatasetWorld, type DatasetWorld } from './testDatasets.js';

describe('a template', () => {
  let world: DatasetWorld;
  beforeEach(async () => {
    world = await openDatasetWorld();
    await world.write('table.jsonl', [
      {
        question: 'Why?',
        answer: 'So.',
        n: 3,
        turns: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Ho' },
        ],
      },
      {
        question: 'How?',
        answer: 'Thus.',
        n: 4,
        turns: [
          { role: 'user', content: 'Ha' },
          { role: 'assistant', content: 'He' },
        ],
      },
    ]);
  });
  afterEach(() => world.close());
  const table = { path: 'table.jsonl' };

  const forms: readonly (readonly [string, object, string, object])[] = [
    [
      'prompt and completion',
      { prompt: 'Question {n}: {question}\nAnswer:', completion: ' {answer}' },
      'sft',
      { prompt: 'Question 3: Why?\nAnswer:', completion: ' So.' },
    ],
    ['running text', { text: '{{{question}}}' }, 'sft', { text: '{Why?}' }],
    [
      'messages',
      {
        messages: [
          { role: 'system', content: 'Be short.' },
          { role: 'user', content: '{question}' },
          { role: 'assistant', content: '{answer}' },
        ],
      },
      'sft',
      {
        messages: [
          { role: 'system', content: 'Be short.' },
          { role: 'user', content: 'Why?' },
          { role: 'assistant', content: 'So.' },
        ],
      },
    ],
    [
      'a column of messages',
      { messages: '{turns}' },
      'sft',
      {
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Ho' },
        ],
      },
    ],
    [
      'pairs',
      { prompt: '{question}', chosen: '{answer}', rejected: 'I do not know.' },
      'preference',
      { prompt: 'Why?', chosen: 'So.', rejected: 'I do not know.' },
    ],
  ];
  for (const [what, template, shape, first] of forms)
    it(`makes ${what} of columns`, async () => {
      const plan = await world.prepare({ table, made: { template: { from: 'table', ...template } } });
      const { shape: got, rows, derivation } = datasetOf(plan, 'made');
      assert.deepEqual([got, rows, derivation?.rowsBefore], [shape, 2, 2]);
      assert.deepEqual((await world.rows(plan, 'made'))[0], first);
      assert.equal(datasetOf(plan, 'table').shape, 'columns');
      assert.ok(plan.actions.every(({ datasets }) => !datasets.includes('table')));
    });

  it('names the column that is missing, with the row', async () => {
    const made = (template: object) => ({ table, made: { template: { from: 'table', ...template } } });
    assert.deepEqual(await world.refusal(made({ text: '{qestion}' })), [
      'table.jsonl:1: expected a column qestion, got keys question, answer, n, turns. The template of made reads it.',
      'table.jsonl:2: expected a column qestion, got keys question, answer, n, turns. The template of made reads it.',
    ]);
    const [line] = await world.refusal(made({ prompt: 'a {turns}', completion: '{answer}' }));
    assert.match(
      line ?? '',
      /^table\.jsonl:1: expected a text, a number or true or false in column turns, got \[\{/,
    );
    const [not] = await world.refusal(made({ messages: '{answer}' }));
    assert.match(
      not ?? '',
      /^table\.jsonl:1: expected a list of messages, got "So\."\. The template of made/,
    );
  });

  it('is asked for where columns are trained on or mixed', async () => {
    const columns = { path: 'table.jsonl', shape: 'columns' };
    assert.deepEqual(await world.refusal({ columns }), [
      'datasets.columns: expected a template that reads its columns, got none. Add a dataset with template: {from, …}.',
    ]);
    const made = { template: { from: 'columns', text: '{answer}' } };
    assert.deepEqual(await world.refusal({ columns, made, part: { subset: { from: 'columns', rows: 1 } } }), [
      'datasets.part.subset: expected datasets that can be trained on, got columns of shape columns. Give columns a template first.',
    ]);
    assert.deepEqual(
      await world.refusal({ columns, made }, { actions: { sft: { datasets: ['columns'] } } }),
      ['actions.sft.datasets.0: expected a dataset of shape sft, got columns of shape columns.'],
    );
  });

  it('reads files alone', async () => {
    const twice = {
      made: { template: { from: 'table', text: '{answer}' } },
      again: { template: { from: 'made', text: '{text}' } },
    };
    assert.deepEqual(await world.refusal({ table, ...twice }), [
      'datasets.again.template.from: expected a dataset with a file, got made. Give it the template, then go on from there.',
    ]);
  });
});
