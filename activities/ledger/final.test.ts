import assert from 'node:assert/strict';
import { auditLedger, findingText } from '../../domain/audit.js';
import { samplePlan } from '../../domain/samples.js';
import { withFolder } from '../../test/harness.js';
import { createFolderStore } from '../store/folder.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { loadBooks } from './audit.js';
import { loadExploration, type StoredExploration } from './read.js';
import { ABILITIES, clusteredGuard, concluded, ITEMS, searchedWorld } from './testWorld.js';
import { leaderboardOf, statusOf } from './views.js';

const withStore = (use: (store: Store) => Promise<void>): Promise<void> =>
  withFolder((folder) => use(createFolderStore(folder)));

async function found(store: Store): Promise<StoredExploration> {
  const one = await loadExploration(store, 'sample');
  assert.ok(one);
  return one;
}

describe('the end of an exploration', () => {
  it('compares the champion with the base and with SFT on all data, item-paired, on every split', async () => {
    await withStore(async (store) => {
      const result = await concluded(await searchedWorld(store));
      assert.equal(result.champion, 2);
      assert.equal(result.verdict, 'improved');
      const { figures } = result;
      assert.ok(figures);
      assert.deepEqual(
        figures.models.map(({ trial, search, confirm, test }) => [
          trial,
          ...[search, confirm, test].map(
            (one) => one !== null && one.low < one.value && one.value < one.high,
          ),
        ]),
        [0, 1, 2].map((trial) => [trial, true, true, true]),
      );
      assert.deepEqual(
        figures.gains.map(({ over }) => over),
        [0, 1],
      );
      for (const { search, confirm, test } of figures.gains)
        for (const one of [search, confirm, test]) assert.ok(one !== null && one.value > 0.05 && one.low > 0);
      assert.deepEqual(figures.gains[0]?.test, result.test.difference);
      assert.deepEqual(figures.gains[0]?.confirm, result.confirmation.difference);
    });
  });

  it('never lets SFT on all data become champion where it is no finalist', async () => {
    await withStore(async (store) => {
      const { confirmation } = await concluded(await searchedWorld(store));
      assert.deepEqual(
        confirmation.finalists.map(({ trial }) => trial),
        [2, 3],
      );
      assert.deepEqual([confirmation.allData?.trial, confirmation.allData?.feasible], [1, false]);
    });
  });

  it('states the shrinkage: what the later splits took back, beside what luck explains', async () => {
    await withStore(async (store) => {
      const { figures, champion } = await concluded(await searchedWorld(store));
      const { shrinkage, models, counts } = figures ?? {};
      assert.ok(shrinkage && counts);
      assert.deepEqual(counts, { evaluated: 3, feasible: 2, finalists: 2, champion: 1 });
      assert.equal(shrinkage.candidates, 2);
      assert.ok(Math.abs(shrinkage.expected - 0.5642 * shrinkage.standardError) < 1e-4);
      const of = models?.find(({ trial }) => trial === champion);
      assert.equal(shrinkage.searchToTest, (of?.search?.value ?? 0) - (of?.test?.value ?? 0));
    });
  });

  it('is the same when it is asked for again, and opens the test split no second time', async () => {
    await withStore(async (store) => {
      const world = await searchedWorld(store);
      const result = await concluded(world);
      assert.deepEqual(await concluded(world), result);
      const { openings = [] } = await found(store);
      assert.deepEqual(
        openings.map(({ by, models, forced }) => [by, models.map(({ trial }) => trial), forced]),
        [['run-1', [0, 1, 2], false]],
      );
    });
  });

  it('says which constraint is not shown and by how much, and still names the best that meets it', async () => {
    await withStore(async (store) => {
      const constraints = [{ benchmark: 'guard', relativeToBase: true, bound: -0.01 }];
      const result = await concluded(await searchedWorld(store, { constraints }));
      assert.equal(result.verdict, 'constraintNotShown');
      assert.equal(result.champion, 2);
      const status = statusOf(await found(store));
      assert.match(status.ending.join('\n'), /it is not shown to keep guard\nconstraint not shown: guard: /);
      assert.match(status.ending.join('\n'), /lower limit -0\.021 .* needed -0\.010: short by 0\.011/);
    });
  });

  it('takes clusters from the benchmark items', async () => {
    await withStore(async (store) => {
      const benchmarks = await clusteredGuard(store, samplePlan(), 8);
      const { confirmation } = await concluded(await searchedWorld(store, { benchmarks }));
      const [evidence] = confirmation.finalists[0]?.constraints ?? [];
      assert.deepEqual(
        [evidence?.method, evidence?.items, evidence?.clusters],
        ['bootstrap', ITEMS, ITEMS / 8],
      );
    });
  });

  it('keeps the base where nothing is better, says so, and still compares it with SFT on all data', async () => {
    await withStore(async (store) => {
      const poor = ABILITIES.map((one) => (one.origin === 'policy' ? { ...one, skill: 0.1 } : one));
      const result = await concluded(await searchedWorld(store, {}, poor));
      assert.deepEqual([result.verdict, result.champion], ['baseKept', 0]);
      assert.match(result.confirmation.reason, /no feasible finalist is above the base .*: the base is kept/);
      assert.deepEqual(result.figures?.gains, []);
      assert.equal(result.figures.shrinkage, null);
      assert.equal(result.figures.models[1]?.test !== null, true);
      assert.deepEqual(statusOf(await found(store)).ending, ['no improvement found, the base is kept']);
    });
  });

  it('leaves books that the audit finds right', async () => {
    await withStore(async (store) => {
      await concluded(await searchedWorld(store));
      const books = await loadBooks(store, await found(store));
      const mine = [
        'openedOnce',
        'amongFinalists',
        'finalistFlags',
        'choice',
        'chances',
        'objective',
        'champion',
      ];
      const findings = auditLedger(books).filter(({ rule }) => mine.includes(rule));
      assert.deepEqual(findings.map(findingText), []);
    });
  });

  it('concludes for a workflow that began before the opening was recorded, and records it then', async () => {
    await withStore(async (store) => {
      const { plan, final, scoreOn } = await searchedWorld(store);
      const input = { explorationId: plan.explorationId, ledgerRows: 4 };
      await scoreOn('confirm', [0, 2, 3]);
      assert.equal((await final.confirm(input)).champion, 2);
      await scoreOn('test', [0, 2]);
      const { figures } = await final.conclude({ ...input, stoppedBecause: 'x' });
      assert.deepEqual(
        figures?.models.map(({ trial, test }) => [trial, test !== null]),
        [
          [0, true],
          [1, false],
          [2, true],
        ],
      );
      assert.equal((await found(store)).openings?.length, 1);
    });
  });
});

describe('rows of the ledger', () => {
  it('book the chance of each constraint from item pairs, and the leaderboard shows it', async () => {
    await withStore(async (store) => {
      await searchedWorld(store);
      const one = await found(store);
      const chances = one.rows.map(({ trial, constraints }) => [trial, constraints?.[0]?.paired]);
      assert.deepEqual(
        chances,
        [0, 1, 2, 3].map((trial) => [trial, true]),
      );
      const board = leaderboardOf(one).rows;
      const of = (trial: string) => board.find((row) => row.trial === trial);
      assert.ok((of('t0001')?.chance ?? 1) < 0.01 && (of('t0002')?.chance ?? 0) > 0.95);
      assert.deepEqual(of('t0002')?.fronts, ['guard', 'gpuSeconds']);
      assert.deepEqual([of('t0001')?.pareto, of('t0001')?.feasible], [false, false]);
    });
  });

  it('are the same row with and without chances: a record of an older build stands', async () => {
    await withStore(async (store) => {
      const { plan, ledger } = await searchedWorld(store);
      const { rows } = await found(store);
      const { explorationId } = plan;
      for (const { constraints: _, ...row } of rows) await ledger.record({ explorationId, row });
      const [first] = rows;
      assert.ok(first);
      const other = { ...first, message: 'another' };
      await assert.rejects(ledger.record({ explorationId, row: other }), /expected the record that is there/);
      assert.deepEqual((await found(store)).rows, rows);
      assert.ok(await store.read(keys.row(explorationId, 0)));
    });
  });
});
