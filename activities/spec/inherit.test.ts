import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluationsOf } from '../../domain/evaluation.js';
import type { Json } from '../../domain/json.js';
import { poolOf, triedStageIds } from '../../domain/pool.js';
import { judge } from '../../domain/ranking.js';
import { sampleAttempt } from '../../domain/samples.js';
import { sampleNewAction } from '../../domain/space.js';
import { randomOf } from '../../domain/random.js';
import { identify } from '../../domain/stage.js';
import { describeAction, stageOfAction } from '../../domain/stageOfAction.js';
import type { Action, TrialRecord } from '../../domain/trial.js';
import type { Prepared } from '../../workflows/activities.js';
import { loadAudit } from '../ledger/audit.js';
import { createLedgerActivities } from '../ledger/activities.js';
import { loadExploration, loadRows } from '../ledger/read.js';
import { loadLeaderboard, loadStatus } from '../ledger/views.js';
import { createFolderStore } from '../store/folder.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { createPrepare } from './prepare.js';
import { sampleSpec, writeWorld } from './testSpec.js';

describe('inheriting trials', () => {
  let root: string;
  let folder: string;
  let store: Store;
  let source: Prepared;
  beforeEach(async () => {
    root = await writeWorld();
    folder = await mkdtemp(join(tmpdir(), 'lamdagent-inherit-'));
    store = createFolderStore(folder);
    source = await prepare({});
    await book(source, null, 'base');
    const base = source.plan.models[0]?.stageId ?? '';
    const parameters = { ...source.baselines[1]?.action?.parameters, learningRate: 1e-3 };
    const tuned = (dataset: string): Action => ({
      kind: 'sft',
      models: [base],
      datasets: [dataset],
      parameters,
    });
    await book(source, tuned('alpha'), 'policy');
    await book(source, tuned('beta'), 'policy');
    await book(source, { ...tuned('alpha'), models: [await stageOf(2)] }, 'policy');
    await book(source, { ...tuned('beta'), models: [await stageOf(2)] }, 'policy', 'crashed');
  });
  afterEach(() => Promise.all([root, folder].map((one) => rm(one, { recursive: true, force: true }))));

  const prepare = (changes: Readonly<Record<string, unknown>>): Promise<Prepared> => {
    const spec = sampleSpec(changes) as Json;
    const name = String(changes['name'] ?? 'sample');
    return createPrepare({ store, root })({ spec, workflowId: `explore/${name}`, firstRunId: name });
  };
  const stageOf = async (trial: number): Promise<string> =>
    (await loadRows(store, source.plan.explorationId)).find((row) => row.trial === trial)?.stageId ?? '';

  /** Books a trial whose score grows with its number; policy trials have numbers from 2 on. */
  async function book(
    { plan }: Prepared,
    action: Action | null,
    origin: TrialRecord['origin'],
    status: TrialRecord['status'] = 'completed',
  ): Promise<void> {
    const rows = await loadRows(store, plan.explorationId);
    const sequence = rows.length;
    const trial = sequence === 0 ? 0 : sequence + 1;
    const stageId =
      action === null ? (plan.models[0]?.stageId ?? '') : identify(stageOfAction(plan, action)).stageId;
    const score = (one: string) => ({
      stageId: one,
      score: 0.4 + trial / 100,
      standardError: 0.01,
      items: 2,
    });
    const all = Object.entries(evaluationsOf(plan, 'search', stageId));
    const scores =
      status === 'completed' ? Object.fromEntries(all.map(([n, s]) => [n, score(s.stageId)])) : {};
    const judged =
      status === 'completed'
        ? judge(plan, scores, rows[0]?.scores ?? scores)
        : { score: null, standardError: null, feasible: false };
    const attempts = [sampleAttempt(status === 'completed' ? {} : { end: 'failed', lostGpuSeconds: 3 })];
    const cost = { gpuSeconds: 3, lostGpuSeconds: status === 'completed' ? 0 : 3, reused: false, attempts };
    const label = action === null ? 'base' : describeAction(plan, action, (id) => id.slice(0, 8));
    await createLedgerActivities({ store }).record({
      explorationId: plan.explorationId,
      row: {
        ...{ schemaVersion: 1, sequence, trial, origin, action, stageId, label, status, message: '' },
        ...{ weightsSha256: null, scores, metrics: {}, startedAt: 'x', endedAt: 'y', ...judged },
        decision: origin === 'policy' ? trial - 2 : null,
        stages: action === null ? [] : [{ stageId, kind: action.kind, ...cost }],
      },
    });
  }

  it('begins the ledger with the rows up to a trial, renumbered, judged anew, at no cost, and the books are right', async () => {
    const constraints = [{ benchmark: 'guard', atLeast: 0.43 }];
    const forked = await prepare({
      name: 'forked',
      seed: 7,
      objective: { constraints },
      inherit: { from: 'sample', through: 't0004' },
    });
    const { inherited, plan, baselines } = forked;
    assert.deepEqual(plan.inherited, {
      name: 'sample',
      explorationId: source.plan.explorationId,
      ...{ rows: 4, kept: 4, leftOut: [] },
    });
    const rows = await loadRows(store, plan.explorationId);
    assert.deepEqual(
      rows.map((row) => [row.sequence, row.trial, row.origin, row.inherited?.trial, row.feasible]),
      [
        [0, 0, 'base', 0, false],
        [1, 2, 'inherited', 2, false],
        [2, 3, 'inherited', 3, true],
        [3, 4, 'inherited', 4, true],
      ],
    );
    assert.match(rows[3]?.label ?? '', / on t0002: alpha$/);
    assert.deepEqual([inherited?.ledgerRows, inherited?.nextTrial, inherited?.baselines], [4, 5, [0]]);
    assert.equal(baselines.length, 2);
    assert.deepEqual(inherited?.costs, { sft: { trials: 3, gpuSeconds: 9 } });
    assert.equal(inherited?.top[0]?.trial, 4);
    const status = await loadStatus(store, 'forked');
    assert.deepEqual(
      [status?.spend.gpuSeconds, status?.saved.gpuSeconds, status?.inherited?.trials],
      [0, 0, 4],
    );
    assert.equal((await loadLeaderboard(store, 'forked'))?.rows[0]?.inheritedFrom, 't0004');
    assert.deepEqual((await loadAudit(store, 'forked'))?.findings, []);
  });

  it('is the same after a prepare that was cut short, and after its source went on', async () => {
    const first = await prepare({ name: 'warm', inherit: { from: source.plan.explorationId } });
    await store.replace(keys.row(source.plan.explorationId, 99), 'null');
    const again = await prepare({ name: 'warm', inherit: { from: source.plan.explorationId } });
    assert.deepEqual(again, first);
    assert.equal(first.plan.inherited?.kept, 5);
  });

  it('offers the inherited models to the policies, and repeats none of their actions under another seed', async () => {
    const { plan } = await prepare({ name: 'warm', seed: 9, inherit: { from: 'sample' } });
    const rows = await loadRows(store, plan.explorationId);
    const pool = poolOf(plan, rows);
    assert.deepEqual(
      [...pool.values()].map(({ name }) => name),
      ['base', 't0002', 't0003', 't0004'],
    );
    const tried = triedStageIds(plan, rows, []);
    const again = rows.flatMap(({ action }) => (action === null ? [] : [stageOfAction(plan, action)]));
    for (const stage of again) assert.ok(tried.has(identify(stage).stageId));
    assert.ok(sampleNewAction({ plan, pool, tried }, 'merge', randomOf('1')));
  });

  it('leaves out what lost its data, and all that builds on it, and says how many', async () => {
    const { datasets, actions } = sampleSpec() as { datasets: Record<string, object>; actions: object };
    const { alpha: _, ...rest } = datasets;
    const { plan } = await prepare({ name: 'warm', datasets: rest, actions, inherit: { from: 'sample' } });
    assert.deepEqual(plan.inherited?.leftOut, [
      { reason: 'dataset alpha is not in this spec', rows: 2 },
      { reason: 'it builds on a model that is not here', rows: 1 },
    ]);
    assert.equal(plan.inherited.kept, 2);
    assert.ok(plan.notes.some((note) => /2 trials of sample are left out: dataset alpha/.test(note)));
    assert.deepEqual((await loadAudit(store, 'warm'))?.findings, []);
  });

  it('refuses, with the reason, a source that is unknown, unscored, of another base, or scored by other items', async () => {
    const refused = (changes: Readonly<Record<string, unknown>>, reason: RegExp) =>
      assert.rejects(prepare({ name: 'warm', ...changes }), reason);
    await refused(
      { inherit: { from: 'smple' } },
      /inherit.from: expected an exploration of .*, got smple. Did you mean sample\?/,
    );
    await refused(
      { inherit: { from: 'sample', through: 't0077' } },
      /inherit.through: expected a trial with a result there, got t0077/,
    );
    await refused(
      { inherit: { from: 'sample', through: 'base' } },
      /inherit.through: expected a trial such as t0012, got "base"/,
    );
    const benchmarks = { skill: { path: 'guard', maxNewTokens: 8 } };
    await refused(
      { benchmarks, objective: {}, inherit: { from: 'sample' } },
      /with the same base model, scored by the same benchmarks, got sample: benchmark skill differs \(3 trials\)/,
    );
    await prepare({ name: 'empty' });
    await refused({ inherit: { from: 'empty' } }, /got empty: no trial yet/);
  });

  it('keeps the spec that it was started with, for forks', async () => {
    const found = await loadExploration(store, 'sample');
    const text = await store.read(keys.spec(found?.plan.explorationId ?? ''));
    const spec = JSON.parse(text ?? 'null') as { name: string; models: { base: { path: string } } };
    assert.deepEqual([spec.name, spec.models.base.path], ['sample', join(root, 'model')]);
  });
});
