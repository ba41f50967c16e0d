import assert from 'node:assert/strict';
import { samplePlan } from '../../domain/samples.js';
import { sha256Hex } from '../../domain/stage.js';
import { withFolder } from '../../test/harness.js';
import { createFolderStore } from '../store/folder.js';
import type { Store } from '../store/store.js';
import { clustersOf, pairedItems, pairsOf, scoredItems } from './itemScores.js';

const [MODEL, BASE, ITEMS, PROGRAM] = ['model', 'base', 'items', 'program'].map(sha256Hex) as [
  string,
  string,
  string,
  string,
];
const IDS = ['a', 'b', 'c', 'd'];

async function inStore(test: (store: Store) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const store = createFolderStore(folder);
    const publish = (stageId: string, path: string, rows: readonly object[]) =>
      store.publish(stageId, 'any', [{ path, text: rows.map((row) => JSON.stringify(row)).join('\n') }], {});
    const rows = (scores: readonly (number | null)[]) =>
      scores.map((score, at) => ({
        id: IDS[at],
        ...(score === null ? { missing: 'no answer' } : {}),
        score,
      }));
    await publish(MODEL, 'rows.jsonl', rows([1, null, 0.5, 0]));
    await publish(BASE, 'rows.jsonl', rows([0, 1, null, 1]));
    await publish(
      ITEMS,
      'items.jsonl',
      IDS.map((id, at) => ({ id, cluster: Math.floor(at / 2) })),
    );
    await publish(PROGRAM, 'score.py', []);
    await test(store);
  });
}

const plan = samplePlan({
  benchmarks: [
    {
      ...{ name: 'talk', metric: 'judged', weight: 1 },
      splits: {
        search: { stageId: ITEMS, items: 4 },
        confirm: { stageId: ITEMS, items: 4 },
        test: { stageId: ITEMS, items: 4 },
      },
    },
  ],
});
const scored = (stageId: string) => ({
  scores: { talk: { stageId, score: 0.5, standardError: 0.1, items: 3, missing: 1 } },
});

describe('item scores', () => {
  it('that are missing are left out of a model’s score, with their clusters', async () => {
    await inStore(async (store) => {
      const [found] = await scoredItems(store, plan, scored(MODEL), 'search');
      assert.deepEqual(found?.items, [1, 0.5, 0]);
      assert.deepEqual(found.clusters, ['cluster 0', 'cluster 1', 'cluster 1']);
    });
  });

  it('are paired where both models have one', async () => {
    await inStore(async (store) => {
      const { pairs, clusters } = await pairsOf(store, [MODEL, BASE], ITEMS);
      assert.deepEqual(pairs, [
        [1, 0],
        [0, 1],
      ]);
      assert.deepEqual(clusters, ['cluster 0', 'cluster 1']);
      const [part] = await pairedItems(store, plan, [scored(MODEL), scored(BASE)], 'search');
      assert.deepEqual(part?.pairs, pairs);
    });
  });

  it('of a program’s benchmark, whose items are in no file, stand alone', async () => {
    await inStore(async (store) => {
      assert.equal(await clustersOf(store, PROGRAM), null);
      assert.equal((await pairsOf(store, [MODEL, BASE], PROGRAM)).pairs.length, 2);
    });
  });
});
