import assert from 'node:assert/strict';
import { baselinesOf } from '../spec/baselines.js';
import { datasetOf, numbered, openDatasetWorld, prompts, type DatasetWorld } from './testDatasets.js';

describe('a derived dataset', () => {
  let world: DatasetWorld;
  beforeEach(async () => {
    world = await openDatasetWorld();
    await world.write('big.jsonl', numbered(100, 'big'));
    await world.write('small.jsonl', numbered(10, 'small'));
  });
  afterEach(() => world.close());
  const files = { big: { path: 'big.jsonl' }, small: { path: 'small.jsonl' } };
  const numbersOf = (texts: readonly string[]): readonly number[] =>
    texts.map((text) => Number(text.split(' ')[1]));

  it('is an object with a stage id of operation, inputs, parameters and seed', async () => {
    const part = (share: number, seed = 1) =>
      world.prepare({ ...files, part: { subset: { from: 'big', share } } }, { seed });
    const [first, again, other, seeded] = [
      await part(0.2),
      await part(0.2),
      await part(0.3),
      await part(0.2, 2),
    ];
    const ids = [first, again, other, seeded].map((plan) => datasetOf(plan, 'part').stageId);
    assert.equal(ids[0], ids[1]);
    assert.equal(new Set(ids).size, 3);
    assert.deepEqual(datasetOf(first, 'part').derivation, {
      operation: 'subset',
      from: ['big'],
      parameters: { share: 0.2 },
      rowsBefore: 100,
      leftOut: {},
      keepsOrder: false,
    });
    const manifest = await world.store.manifest(ids[0] ?? '');
    assert.deepEqual(manifest?.result, { shape: 'sft', rows: 20, leftOut: {} });
  });

  it('that draws nothing has one id whatever the seed', async () => {
    const made = { ...files, each: { dedupe: { from: 'big' } } };
    const ids = [await world.prepare(made), await world.prepare(made, { seed: 2 })].map(
      (plan) => datasetOf(plan, 'each').stageId,
    );
    assert.equal(ids[0], ids[1]);
  });

  it('is made of others in any order of the spec, and of derived ones', async () => {
    const plan = await world.prepare({
      last: { subset: { from: 'mix', rows: 5 } },
      mix: { mixture: { from: { big: 1, small: 1 } } },
      ...files,
    });
    assert.deepEqual(
      plan.datasets.map(({ name, rows }) => [name, rows]),
      [
        ['keep', 2],
        ['last', 5],
        ['mix', 20],
        ['big', 100],
        ['small', 10],
      ],
    );
  });

  it('stands in for what it is made from, unless the spec names that too; all data are the originals', async () => {
    const part = { subset: { from: 'big', rows: 5 } };
    const plan = await world.prepare({ ...files, part });
    assert.deepEqual(plan.actions[0]?.datasets, ['keep', 'small', 'part']);
    const named = await world.prepare(
      { ...files, part },
      { actions: { sft: { datasets: ['big', 'part'] } } },
    );
    assert.deepEqual(named.actions[0]?.datasets, ['big', 'part']);
    assert.deepEqual(baselinesOf(named).trials[1]?.action?.datasets, ['big']);
    assert.deepEqual(baselinesOf(plan).trials[1]?.action?.datasets, ['keep', 'small', 'part']);
  });

  describe('subset', () => {
    it('keeps the order, and holds every row of a smaller one, by share or by rows', async () => {
      const plan = await world.prepare({
        big: files.big,
        tenth: { subset: { from: 'big', share: 0.1 } },
        half: { subset: { from: 'big', rows: 50 } },
      });
      const [tenth, half] = [
        prompts(await world.rows(plan, 'tenth')),
        prompts(await world.rows(plan, 'half')),
      ];
      assert.deepEqual([tenth.length, half.length], [10, 50]);
      assert.ok(tenth.every((row) => half.includes(row)));
      const places = numbersOf(half);
      assert.deepEqual(
        places,
        [...places].sort((a, b) => a - b),
      );
    });

    it('of more rows than there are is refused', async () => {
      assert.deepEqual(await world.refusal({ ...files, part: { subset: { from: 'small', rows: 11 } } }), [
        'datasets.part.subset: expected at most the 10 rows of small, got rows: 11. Ask for fewer, or for a share.',
      ]);
    });
  });

  describe('mixture', () => {
    it('takes as many rows as the weights allow, evenly mixed, none twice', async () => {
      const plan = await world.prepare({ ...files, mix: { mixture: { from: { big: 3, small: 1 } } } });
      const rows = prompts(await world.rows(plan, 'mix'));
      assert.equal(rows.length, 40);
      assert.equal(new Set(rows).size, 40);
      for (let start = 0; start < 40; start += 4)
        assert.equal(rows.slice(start, start + 4).filter((row) => row.startsWith('small')).length, 1);
    });

    it('repeats what there is too little of only when told to', async () => {
      const from = { big: 1, small: 1 };
      assert.deepEqual(await world.refusal({ ...files, mix: { mixture: { from, rows: 50 } } }), [
        'datasets.mix.mixture: expected at most 20 rows, which the weights allow without repetition, got 50, of which 25 from the 10 of small. Ask for fewer, change the weights, or set repeat: true.',
      ]);
      const plan = await world.prepare({ ...files, mix: { mixture: { from, rows: 50, repeat: true } } });
      const small = prompts(await world.rows(plan, 'mix')).filter((row) => row.startsWith('small'));
      const counts = numbersOf([...new Set(small)]).map(
        (n) => small.filter((row) => row === `small ${String(n)}`).length,
      );
      assert.deepEqual([small.length, Math.min(...counts), Math.max(...counts)], [25, 2, 3]);
    });

    it('is one whatever the order in which it names its sources', async () => {
      const one = await world.prepare({ ...files, mix: { mixture: { from: { big: 3, small: 1 } } } });
      const other = await world.prepare({ ...files, mix: { mixture: { from: { small: 1, big: 3 } } } });
      assert.equal(datasetOf(one, 'mix').stageId, datasetOf(other, 'mix').stageId);
    });

    it('of rows of two shapes is refused', async () => {
      const pairs = { path: 'terse.jsonl' };
      assert.deepEqual(
        await world.refusal({ ...files, pairs, mix: { mixture: { from: { big: 1, pairs: 1 } } } }),
        [
          'datasets.mix.mixture: expected datasets of one shape, got big of shape sft, pairs of shape preference.',
        ],
      );
    });
  });

  describe('replay', () => {
    it('puts the share evenly between all new rows', async () => {
      const plan = await world.prepare({
        ...files,
        kept: { replay: { from: 'big', of: 'small', share: 0.05 } },
      });
      const rows = prompts(await world.rows(plan, 'kept'));
      const old = rows.flatMap((row, at) => (row.startsWith('small') ? [at] : []));
      assert.deepEqual([rows.length, old.length], [105, 5]);
      assert.deepEqual(numbersOf(rows.filter((row) => row.startsWith('big'))), [...Array(100).keys()]);
      const gaps = old.slice(1).map((at, index) => at - (old[index] ?? 0));
      assert.ok(
        gaps.every((gap) => gap >= 20 && gap <= 22),
        String(gaps),
      );
    });

    it('repeats old rows where they are too few', async () => {
      const plan = await world.prepare({
        ...files,
        kept: { replay: { from: 'big', of: 'small', share: 0.2 } },
      });
      const rows = prompts(await world.rows(plan, 'kept'));
      assert.equal(rows.filter((row) => row.startsWith('small')).length, 25);
    });
  });

  describe('curriculum', () => {
    const answers = async (order: object) => {
      const plan = await world.prepare({ ...files, course: { curriculum: { from: 'big', ...order } } });
      const lengths = (await world.rows(plan, 'course')).map(({ completion }) => String(completion).length);
      return { plan, lengths };
    };

    it('orders by length, and says so to the trainer; equal ones stay as they are', async () => {
      const { plan, lengths } = await answers({});
      assert.deepEqual(
        lengths,
        [...lengths].sort((a, b) => a - b),
      );
      const { stageId, derivation } = datasetOf(plan, 'course');
      assert.equal(derivation?.keepsOrder, true);
      assert.equal((await world.store.manifest(stageId))?.result['order'], 'kept');
      const down = await answers({ order: 'descending', by: 'rowLength' });
      assert.equal(down.lengths[0], Math.max(...lengths));
      const ones = numbersOf(
        prompts(
          (await world.rows(plan, 'course')).filter(
            ({ completion }) => String(completion).length === lengths[0],
          ),
        ),
      );
      assert.deepEqual(
        ones,
        [...ones].sort((a, b) => a - b),
      );
    });

    it('stays one through what keeps the order, and ends in a mixture', async () => {
      const plan = await world.prepare({
        ...files,
        course: { curriculum: { from: 'big' } },
        part: { subset: { from: 'course', share: 0.5 } },
        rich: { replay: { from: 'part', of: 'small' } },
        mix: { mixture: { from: { course: 1, small: 1 } } },
      });
      const kept = ['big', 'course', 'part', 'rich', 'mix'].map(
        (name) => datasetOf(plan, name).derivation?.keepsOrder,
      );
      assert.deepEqual(kept, [undefined, true, true, true, false]);
    });
  });
});
