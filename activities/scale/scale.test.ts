import assert from 'node:assert/strict';
import { join } from 'node:path';
import { samplePlan, sampleProposal, sampleResult } from '../../domain/samples.js';
import { scaleRequester, type ScaleRequest, type ScaleResult } from '../../domain/scale.js';
import type { Plan } from '../../domain/plan.js';
import { identify, sha256Hex, type Stage } from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import type { TrialRecord, TrialResult } from '../../domain/trial.js';
import { withFolder } from '../../test/harness.js';
import type { PreparedScale } from '../../workflows/activities.js';
import { createLedgerActivities } from '../ledger/activities.js';
import { loadAudit } from '../ledger/audit.js';
import { loadExploration } from '../ledger/read.js';
import { renderReport } from '../report/report.js';
import { writeWorld } from '../spec/testSpec.js';
import { createFolderStore } from '../store/folder.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { createScaleActivities } from './activities.js';

const ITEMS = 200;
const base = identify({ kind: 'model', recipeVersion: 1, inputs: {}, parameters: {}, seed: '0' });
const plan: Plan = samplePlan({
  models: [{ name: 'base', stageId: base.stageId, weightsSha256: 'f'.repeat(64), parameterCount: 1000 }],
  constraints: [],
});

/** A finished exploration of three trials, the third on half of the data; the stages of its trials by number. */
async function explored(store: Store): Promise<readonly string[]> {
  const { explorationId } = plan;
  await store.putIfAbsent(keys.plan(explorationId), JSON.stringify(plan));
  await store.replace(
    keys.name('sample'),
    JSON.stringify({ explorationId, workflowId: 'w', startedAt: 'x' }),
  );
  await store.putIfAbsent(keys.stage(base.stageId), JSON.stringify(base.stage));
  const ids: string[] = [base.stageId];
  for (const [index, datasets] of [['alpha'], ['beta'], ['alpha', 'beta']].entries()) {
    const action = {
      kind: 'sft',
      models: [base.stageId],
      datasets,
      parameters: { steps: 10, batchSize: 4 },
    } as const;
    const one = identify(stageOfAction(plan, action));
    await store.putIfAbsent(keys.stage(one.stageId), JSON.stringify(one.stage));
    const row: TrialRecord = {
      ...{
        schemaVersion: 1,
        ...sampleProposal(index + 1, 'policy'),
        ...sampleResult(index + 1, 0.5 + index / 10),
      },
      ...{ stageId: one.stageId, action, sequence: index, score: 0.5 + index / 10, standardError: 0.1 },
      ...{ feasible: true, ...(index === 2 ? { fidelity: 0.5, recipeId: sha256Hex('r') } : {}) },
    };
    await store.putIfAbsent(keys.row(explorationId, index), JSON.stringify(row));
    ids.push(one.stageId);
  }
  const ended = { state: 'stopped', reason: 'test', at: 'x' };
  await store.putIfAbsent(keys.ended(explorationId), JSON.stringify(ended));
  return ids;
}

const activitiesOf = (store: Store, root = '/') =>
  createScaleActivities({ store, root, writeReport: () => Promise.resolve() });

/** Scores every job: of its items as large a share is right as `share` says. */
async function scored(store: Store, prepared: PreparedScale, share: (job: string) => number): Promise<void> {
  const ledger = createLedgerActivities({ store });
  for (const job of prepared.jobs) {
    const right = Math.round(share(job.name) * ITEMS);
    const rows = Array.from({ length: ITEMS }, (_, id) => ({ id: String(id), score: id < right ? 1 : 0 }));
    const text = rows.map((one) => JSON.stringify(one)).join('\n');
    const scores: Record<string, TrialResult['scores'][string]> = {};
    for (const [name, { stageId }] of Object.entries(job.evaluations)) {
      await store.publish(stageId, 'evaluate', [{ path: 'rows.jsonl', text }], {});
      scores[name] = { stageId, score: right / ITEMS, standardError: 0.03, items: ITEMS };
    }
    const result = { ...sampleResult(job.trial, 0), stageId: job.stageId, scores, stages: [] };
    await ledger.recordScale({ study: prepared.plan, job: job.name, result });
  }
}
const share = (of: Readonly<Record<string, number>>) => (job: string) => of[job] ?? 0.5;

async function studied(store: Store, of: Readonly<Record<string, number>>): Promise<ScaleResult> {
  const { prepareScale, concludeScale } = activitiesOf(store);
  const prepared = await prepareScale({ exploration: 'sample', dataFraction: 2 });
  await scored(store, prepared, share({ 't0000-original': 0.2, ...of }));
  return concludeScale(prepared.plan);
}

describe('a scale study', () => {
  it('takes found pipelines on all of the data, best first, with twins of their own ids, and the base', async () => {
    await withFolder(async (folder) => {
      const store = createFolderStore(folder);
      const ids = await explored(store);
      const prepared = await activitiesOf(store).prepareScale({ exploration: 'sample', dataFraction: 2 });
      assert.equal(prepared.plan.label, 'data-x2-top3');
      assert.deepEqual(
        prepared.jobs.map(({ name }) => name),
        ['t0000-original', 't0002-original', 't0002-scaled', 't0001-original', 't0001-scaled'],
      );
      const twin = prepared.jobs[2]?.stageId ?? '';
      const { parameters } = JSON.parse((await store.read(keys.stage(twin))) ?? '') as Stage;
      assert.deepEqual([parameters['steps'], parameters['dataFraction']], [20, undefined]);
      assert.ok(!ids.includes(twin));
      assert.equal(scaleRequester(prepared.plan, 'x'), 'sample-00000000/scale-data-x2-top3-x');
    });
  });

  it('says rows and passes as they are: all rows were used before, so twice the data is more passes', async () => {
    await withFolder(async (folder) => {
      const store = createFolderStore(folder);
      await explored(store);
      const { plan: study } = await studied(store, {});
      const [, first] = study.pipelines;
      assert.deepEqual(
        [first?.training.original, first?.training.scaled].map((list) =>
          list?.map(({ seen, passes }) => [seen, passes]),
        ),
        [[[10, 4]], [[10, 8]]],
      );
    });
  });

  it('pairs every pipeline with its original, its base and every other one', async () => {
    await withFolder(async (folder) => {
      const store = createFolderStore(folder);
      await explored(store);
      const result = await studied(store, {
        ...{ 't0002-original': 0.6, 't0002-scaled': 0.9 },
        ...{ 't0001-original': 0.4, 't0001-scaled': 0.7 },
      });
      const [, two, one] = result.pipelines;
      assert.ok(Math.abs((two?.change?.value ?? 0) - 0.3) < 1e-9);
      assert.ok((two?.change?.low ?? 0) > 0.2);
      assert.ok(Math.abs((one?.gain.scaled?.value ?? 0) - 0.5) < 1e-9);
      assert.deepEqual(
        result.orders.map(({ trials, verdict }) => [...trials, verdict]),
        [
          [0, 2, 'kept'],
          [0, 1, 'kept'],
          [2, 1, 'kept'],
        ],
      );
    });
  });

  it('refuses to call an order kept when a gap is inside its interval, and sees a reversed one', async () => {
    for (const [scaled, verdict] of [
      [0.605, 'notDistinguishable'],
      [0.4, 'reversed'],
    ] as const)
      await withFolder(async (folder) => {
        const store = createFolderStore(folder);
        await explored(store);
        const result = await studied(store, {
          ...{ 't0002-original': 0.8, 't0002-scaled': scaled },
          ...{ 't0001-original': 0.6, 't0001-scaled': 0.6 },
        });
        assert.equal(result.orders.find(({ trials }) => trials[0] === 2)?.verdict, verdict);
      });
  });

  it('is worked out once: the same request has the same plan, what was scored is not asked for again, the result stands', async () => {
    await withFolder(async (folder) => {
      const store = createFolderStore(folder);
      await explored(store);
      const { prepareScale, concludeScale } = activitiesOf(store);
      const request = { exploration: 'sample', dataFraction: 2 };
      const first = await prepareScale(request);
      await scored(store, { ...first, jobs: first.jobs.slice(0, 2) }, share({}));
      const again = await prepareScale(request);
      assert.deepEqual(again.jobs, first.jobs.slice(2));
      assert.equal(again.models, 5);
      await scored(store, again, share({}));
      const result = await concludeScale(first.plan);
      assert.deepEqual((await prepareScale(request)).result, result);
      assert.deepEqual(await concludeScale(first.plan), result);
    });
  });

  it('keeps a failed pipeline as what it is', async () => {
    await withFolder(async (folder) => {
      const store = createFolderStore(folder);
      await explored(store);
      const { prepareScale, concludeScale } = activitiesOf(store);
      const prepared = await prepareScale({ exploration: 'sample', dataFraction: 2 });
      const failing = prepared.jobs.find(({ name }) => name === 't0001-scaled');
      assert.ok(failing);
      const result = {
        ...sampleResult(1, 0),
        status: 'diverged',
        message: 'loss',
        stageId: failing.stageId,
      } as const;
      const failed: TrialResult = { ...result, scores: {}, stages: [] };
      const ledger = createLedgerActivities({ store });
      await ledger.recordScale({ study: prepared.plan, job: failing.name, result: failed });
      await scored(store, prepared, share({}));
      const { pipelines, orders } = await concludeScale(prepared.plan);
      const one = pipelines.find(({ trial }) => trial === 1);
      assert.deepEqual([one?.status.scaled, one?.scaled, one?.change], ['diverged', null, null]);
      assert.deepEqual(
        orders.map(({ trials }) => trials),
        [[0, 2]],
      );
    });
  });

  it('stands on another base model, imported and pinned by its content', async () => {
    const world = await writeWorld();
    await withFolder(async (folder) => {
      const store = createFolderStore(folder);
      await explored(store);
      const { prepareScale } = activitiesOf(store, world);
      const { plan: study, jobs } = await prepareScale({ exploration: 'sample', top: 1, base: 'model' });
      const other = jobs.find(({ name }) => name === 't0000-scaled')?.stageId ?? '';
      assert.equal(study.label, `base-${other.slice(0, 8)}-top1`);
      assert.ok(await store.manifest(other));
      const twin = jobs.find(({ name }) => name === 't0002-scaled')?.stageId ?? '';
      const stage = JSON.parse((await store.read(keys.stage(twin))) ?? '') as Stage;
      assert.deepEqual([stage.inputs['model'], stage.parameters['steps']], [[other], 10]);
    });
  });

  it('refuses what cannot be, with what to do', async () => {
    await withFolder(async (folder) => {
      const store = createFolderStore(folder);
      await explored(store);
      const { prepareScale } = activitiesOf(store);
      for (const [request, message] of [
        [{ exploration: 'sample' }, /scale: expected something that changes, got nothing/],
        [{ exploration: 'sampel', dataFraction: 2 }, /got sampel\. Did you mean sample/],
        [{ exploration: 'sample', dataFraction: -1 }, /dataFraction: expected a factor above 0/],
        [
          { exploration: 'sample', datafraction: 2 },
          /datafraction: expected a known key.*Did you mean dataFraction/,
        ],
        [{ exploration: 'sample', base: join(folder, 'nowhere') }, /base: expected a folder with a model/],
      ] as const)
        await assert.rejects(prepareScale(request as ScaleRequest), {
          type: 'InvalidScale',
          nonRetryable: true,
          message,
        });
    });
    await withFolder(async (folder) => {
      const store = createFolderStore(folder);
      const { explorationId } = plan;
      await store.putIfAbsent(keys.plan(explorationId), JSON.stringify(plan));
      await store.replace(
        keys.name('sample'),
        JSON.stringify({ explorationId, workflowId: 'w', startedAt: 'x' }),
      );
      const running = activitiesOf(store).prepareScale({ exploration: 'sample', dataFraction: 2 });
      await assert.rejects(running, /expected an exploration that has ended, got one that runs/);
    });
  });

  it('stands in the report and in the audit', async () => {
    await withFolder(async (folder) => {
      const store = createFolderStore(folder);
      await explored(store);
      await studied(store, {});
      const found = await loadExploration(store, 'sample');
      assert.ok(found);
      assert.match(renderReport(found), /Scale: training × 2[^]*not distinguishable/);
      const audit = await loadAudit(store, 'sample');
      const rules = audit?.findings.map(({ rule }) => rule).filter((rule) => rule.startsWith('scale'));
      assert.deepEqual(rules, []);
    });
  });
});
