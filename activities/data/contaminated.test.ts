import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { datasetOf, openDatasetWorld, type DatasetWorld, type Rows } from './testDatasets.js';

const COPY = 'Which metal is liquid at room temperature and was used in old thermometers?';

/** Sources are gated first, then datasets are made of them. */
describe('rows that copy evaluation items', () => {
  let world: DatasetWorld;
  beforeEach(async () => {
    world = await openDatasetWorld();
    const item = { id: 'metal', messages: [{ role: 'user', content: COPY }], answers: ['mercury'] };
    await world.write('skill/test.jsonl', [item]);
  });
  afterEach(() => world.close());
  const clean: Rows = Array.from({ length: 40 }, (_, at) => ({
    prompt: `clean ${String(at)}`,
    completion: 'yes',
  }));

  it('are in nothing that is made of their dataset, as if they had never been there', async () => {
    const derived = {
      part: { subset: { from: 'raw', share: 0.9 } },
      mix: { mixture: { from: { raw: 1, keep: 1 }, rows: 80, repeat: true } },
      course: { curriculum: { from: 'raw' } },
      rich: { replay: { from: 'keep', of: 'raw', share: 0.9 } },
      once: { dedupe: { from: 'raw', by: 'prompt' } },
      some: { filter: { from: 'raw', answerWords: { atLeast: 1 } } },
    };
    await world.write('raw.jsonl', [
      ...clean.slice(0, 20),
      { prompt: COPY, completion: 'lead' },
      ...clean.slice(20),
    ]);
    const dirty = await world.prepare({ raw: { path: 'raw.jsonl' }, ...derived });
    assert.equal(datasetOf(dirty, 'raw').rows, 40);
    for (const name of Object.keys(derived)) {
      const file = await world.store.openFile(datasetOf(dirty, name).stageId, 'data.jsonl');
      assert.doesNotMatch(await readFile(file, 'utf8'), /liquid/, name);
    }
    await world.write('raw.jsonl', clean);
    const never = await world.prepare({ raw: { path: 'raw.jsonl' }, ...derived }, { budget: { trials: 3 } });
    assert.deepEqual(never.datasets, dirty.datasets);
  });

  it('are found in columns, and in what a template makes of them', async () => {
    const filler = clean.map((_, at) => ({
      asked: `clean ${String(at)}`,
      said: 'yes',
      half: 'Which',
      rest: 'x',
    }));
    const planted = [
      { asked: COPY, said: 'lead', half: 'a', rest: 'b' },
      { asked: 'another', said: 'no', half: COPY.slice(0, 40), rest: COPY.slice(40) },
    ];
    await world.write('raw.jsonl', [...filler, ...planted]);
    const plan = await world.prepare({
      raw: { path: 'raw.jsonl' },
      asked: { template: { from: 'raw', prompt: 'Question: {asked}', completion: '{said}' } },
      joined: { template: { from: 'raw', prompt: '{half}{rest}', completion: '{said}' } },
    });
    assert.deepEqual(
      plan.contamination?.datasets.find(({ name }) => name === 'raw'),
      {
        name: 'raw',
        rows: 42,
        matchedRows: 2,
        droppedRows: 2,
      },
    );
    assert.deepEqual([datasetOf(plan, 'asked').rows, datasetOf(plan, 'joined').rows], [40, 40]);
  });

  it('are dropped from a file of another format, and named by their rows', async () => {
    const lines = clean.map(({ prompt, completion }) => `"${String(prompt)}",${String(completion)}`);
    const text = ['prompt,completion', ...lines.slice(0, 2), `"${COPY}",lead`, ...lines.slice(2), ''].join(
      '\n',
    );
    await writeFile(join(world.root, 'raw.csv'), text);
    const raw = { path: 'raw.csv' };
    const plan = await world.prepare({ raw, part: { subset: { from: 'raw', share: 1 } } });
    assert.deepEqual([datasetOf(plan, 'raw').rows, (await world.rows(plan, 'part')).length], [40, 40]);
    assert.deepEqual(await world.rows(plan, 'raw'), clean);
    const [, row = ''] = await world.refusal({ raw }, { contamination: { onMatch: 'reject' } });
    assert.match(row, /^raw\.csv row 3: expected no copy of skill\/test item metal/);
  });

  it('make the source invalid where they are too many, before anything is derived', async () => {
    await world.write('raw.jsonl', [{ prompt: COPY, completion: 'lead' }, ...clean.slice(0, 3)]);
    const refused = await world.refusal({
      raw: { path: 'raw.jsonl' },
      part: { subset: { from: 'raw', rows: 99 } },
    });
    assert.match(refused[0] ?? '', /^datasets\.raw: expected at most 10 % of its rows/);
    assert.equal(refused.length, 2);
  });
});
