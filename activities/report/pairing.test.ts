import assert from 'node:assert/strict';
import { comparisonsWithBest } from '../../domain/comparison.js';
import { withFolder } from '../../test/harness.js';
import { loadExploration, type StoredExploration } from '../ledger/read.js';
import { searchedWorld } from '../ledger/testWorld.js';
import { createFolderStore } from '../store/folder.js';
import type { Store } from '../store/store.js';
import { leaderboardSection } from './leaderboard.js';
import { pairedWithBest } from './pairing.js';

async function searched(use: (store: Store, found: StoredExploration) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const store = createFolderStore(folder);
    await searchedWorld(store);
    const found = await loadExploration(store, 'sample');
    assert.ok(found);
    await use(store, found);
  });
}

describe('trials against the best, item by item', () => {
  it('are compared in pairs, which tells more apart than their standard errors do', async () => {
    await searched(async (store, found) => {
      const paired = await pairedWithBest(store, found);
      assert.deepEqual([...paired.keys()].sort(), [0, 1, 3]);
      for (const [trial, { value, low, high }] of paired) {
        const loose = comparisonsWithBest(found.rows, new Map())?.byTrial.get(trial)?.difference;
        assert.ok(loose);
        assert.ok(Math.abs(value - loose.value) < 1e-9, 'the same difference');
        assert.ok(high - low < loose.high - loose.low, 'a narrower interval');
      }
      const { markup } = leaderboardSection(found, comparisonsWithBest(found.rows, paired));
      assert.equal(markup.match(/<small>paired<\/small>/g)?.length, 3);
      assert.match(markup, /\(paired bootstrap\): 3;[^]*apart:\s0\./);
    });
  });

  it('are left out where the item scores are gone, and the page says how they were compared', async () => {
    await searched(async (store, found) => {
      const gone = found.rows.find(({ trial }) => trial === 3)?.scores['skill']?.stageId ?? '';
      assert.ok(await store.remove(gone));
      const paired = await pairedWithBest(store, found);
      assert.deepEqual([...paired.keys()].sort(), [0, 1]);
      const { markup } = leaderboardSection(found, comparisonsWithBest(found.rows, paired));
      assert.match(markup, /\(paired bootstrap\): 2;[^]*apart:\s1\./);
    });
  });

  it('are none without a scored trial', async () => {
    await searched(async (store, found) => {
      assert.equal((await pairedWithBest(store, { ...found, rows: [] })).size, 0);
    });
  });
});
