import assert from 'node:assert/strict';
import { withFolder } from '../../test/harness.js';
import { writeSyntheticLedger } from '../report/testLedger.js';
import { recordsInMemory } from '../report/testStore.js';
import type { TrackedSeries } from '../../domain/trackedRun.js';
import { TrackedRunSchema } from '../spec/contract.js';
import { loadExploration, type StoredExploration } from '../ledger/read.js';
import { loadCurves, type Curves } from '../ledger/curves.js';
import { trackedRuns } from './runs.js';

async function synthetic(isRunning: boolean): Promise<readonly [StoredExploration, Curves]> {
  return withFolder(async (folder) => {
    const store = recordsInMemory(folder);
    await writeSyntheticLedger(store, { trials: 14, isRunning });
    const found = await loadExploration(store, 'synthetic');
    assert.ok(found);
    return [found, await loadCurves(store, found.rows)];
  });
}

describe('the runs that trackers are told of', () => {
  let ended: StoredExploration;
  let curves: Curves;
  before(async () => {
    [ended, curves] = await synthetic(false);
  });

  it('are one a booked trial and one of the exploration, with ids that stay, in the shape of the contract', () => {
    const runs = trackedRuns(ended, curves);
    assert.equal(runs.length, ended.rows.length + 1);
    assert.equal(new Set(runs.map(({ id }) => id)).size, runs.length);
    for (const run of runs) TrackedRunSchema.parse(run);
    assert.deepEqual(trackedRuns(ended, curves), runs);
  });

  it('only grow: what was told of a running search is told of the ended one too', async () => {
    const [running, theirs] = await synthetic(true);
    const later = new Map(trackedRuns(ended, curves).map((run) => [run.id, run]));
    for (const run of trackedRuns(running, theirs)) {
      const grown = later.get(run.id);
      assert.ok(grown, run.name);
      assert.deepEqual(grown.parameters, run.parameters);
      for (const [name, score] of Object.entries(run.scores)) assert.equal(grown.scores[name], score);
      for (const { name, step, value } of run.series) {
        const longer: TrackedSeries | undefined = grown.series.find((one) => one.name === name);
        assert.deepEqual(longer?.step.slice(0, step.length), step);
        assert.deepEqual(longer?.value.slice(0, value.length), value);
      }
    }
  });

  it('say of a trial what it was made of, how it went, and its scores on each split that it reached', () => {
    const champion = ended.result?.champion;
    const run = trackedRuns(ended, curves).find(
      ({ name }) => name === `t${String(champion).padStart(4, '0')}`,
    );
    const row = ended.rows.find(({ trial }) => trial === champion);
    assert.ok(run && row?.action);
    assert.equal(run.parameters['action'], row.action.kind);
    assert.equal(run.tags['phase'], 'test');
    assert.ok(run.tags['policy'] !== undefined && run.tags['parents'] !== '');
    for (const name of ['search/score', 'search/tools', 'confirm/tools', 'test/tools', 'cost/gpuSeconds'])
      assert.ok(Number.isFinite(run.scores[name]), name);
    assert.equal(run.scores['search/score'], row.score);
    const [curve, loss] = [curves.get(row.stageId), run.series.find(({ name }) => name === 'train/loss')];
    assert.deepEqual(loss?.step, curve?.step);
  });

  it('say of the exploration how the best score rose and what it cost', () => {
    const run = trackedRuns(ended, curves).at(-1);
    const best = run?.series.find(({ name }) => name === 'trials/best')?.value ?? [];
    assert.ok(
      best.length > 1 && best.every((value, place) => place === 0 || value >= (best[place - 1] ?? 0)),
    );
    assert.equal(run?.scores['test/difference'], ended.result?.test.difference.value);
    assert.equal(run?.status, 'finished');
  });

  it('leave out what is no number, and a failed trial has no score', () => {
    const failed = trackedRuns(ended, curves).filter(({ status }) => status === 'failed');
    for (const run of failed) assert.ok(!('search/score' in run.scores));
    const text = JSON.stringify(trackedRuns(ended, curves));
    assert.doesNotMatch(text, /null(?!,"parameters)/);
  });
});
