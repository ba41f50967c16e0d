import assert from 'node:assert/strict';
import type { JsonObject } from '../../domain/json.js';
import { samplePlan, sampleProposal, sampleResult, sampleStageId } from '../../domain/samples.js';
import { identify, sha256Hex, type Stage } from '../../domain/stage.js';
import type { TrialOrigin, TrialRecord } from '../../domain/trial.js';
import { withFolder } from '../../test/harness.js';
import { renderReport } from '../report/report.js';
import { imbalanceOf } from '../report/testPage.js';
import { createFolderStore } from '../store/folder.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { createLedgerActivities } from './activities.js';
import { loadExploration } from './read.js';
import { listExplorations, loadLeaderboard, loadStatus } from './views.js';

function row(
  trial: number,
  origin: TrialOrigin,
  score: number,
  label = `trial ${String(trial)}`,
): TrialRecord {
  const judged = { score, standardError: 0.02, feasible: trial % 2 === 0 };
  return {
    schemaVersion: 1,
    ...sampleProposal(trial, origin),
    ...sampleResult(trial, score),
    ...judged,
    label,
    sequence: trial,
  };
}

async function recorded(store: Store, label?: string): Promise<void> {
  const ledger = createLedgerActivities({ store });
  const plan = samplePlan();
  const { explorationId } = plan;
  await store.putIfAbsent(keys.plan(explorationId), JSON.stringify(plan));
  await store.replace(
    keys.name('sample'),
    JSON.stringify({ explorationId, workflowId: 'explore/sample', startedAt: 'x' }),
  );
  for (const one of [row(0, 'base', 0.4), row(1, 'allData', 0.6), row(2, 'policy', 0.5, label)])
    await ledger.record({ explorationId, row: one });
}

const PLAIN = { recipeVersion: 1, inputs: {}, parameters: {}, seed: '1' } as const;

describe('the ledger', () => {
  it('takes a row once: the same again is fine, another one is a conflict', async () => {
    await withFolder(async (folder) => {
      const store = createFolderStore(folder);
      await recorded(store);
      await recorded(store);
      const ledger = createLedgerActivities({ store });
      await assert.rejects(
        ledger.record({ explorationId: 'sample-00000000', row: { ...row(1, 'allData', 0.7), sequence: 1 } }),
        /expected the record that is there/,
      );
    });
  });

  it('knows the shapes of models, made or not, by those that they are made of', async () => {
    await withFolder(async (folder) => {
      const store = createFolderStore(folder);
      const shape = {
        parameters: 7,
        linearParameters: 6,
        linearWidths: 4,
        hidden: 2,
        layers: 1,
        vocabulary: 3,
        context: 16,
      };
      const sized = async (name: string, facts: JsonObject): Promise<string> => {
        const one = identify({ ...PLAIN, kind: 'model', parameters: { name } });
        await store.putIfAbsent(keys.stage(one.stageId), JSON.stringify(one.stage));
        await store.publish(one.stageId, 'model', [{ path: 'a', text: name }], facts);
        return one.stageId;
      };
      const base = await sized('base', { parameterCount: 7, shape });
      const old = await sized('old', { parameterCount: 9 });
      const trained = identify({ ...PLAIN, kind: 'sft', inputs: { model: [base] } });
      const merged = identify({
        ...PLAIN,
        kind: 'merge',
        inputs: { models: [trained.stageId, base], base: [old] },
      });
      for (const one of [trained, merged])
        await store.putIfAbsent(keys.stage(one.stageId), JSON.stringify(one.stage));
      const ledger = createLedgerActivities({ store });
      const asked = { stageId: merged.stageId, evaluations: [], requester: 'x' };
      assert.equal((await ledger.lookup(asked)).shapes, undefined);
      const { shapes, missing } = await ledger.lookup({ ...asked, sized: true });
      assert.deepEqual(missing, [trained, merged]);
      const ofOld = {
        ...shape,
        linearParameters: 9,
        linearWidths: 0,
        hidden: 0,
        layers: 0,
        vocabulary: 0,
        context: 0,
        parameters: 9,
      };
      const ids = [merged.stageId, trained.stageId, base];
      assert.deepEqual(shapes, { ...Object.fromEntries(ids.map((id) => [id, shape])), [old]: ofOld });
      await store.publish(trained.stageId, 'sft', [{ path: 'a', text: 'made' }], { parameterCount: 8 });
      const made = await ledger.lookup({ ...asked, stageId: trained.stageId, sized: true });
      assert.deepEqual(made.shapes, { [trained.stageId]: { ...shape, parameters: 8 } });
    });
  });

  it('shows status and leaderboard from the store alone', async () => {
    await withFolder(async (folder) => {
      const store = createFolderStore(folder);
      await recorded(store);
      const status = await loadStatus(store, 'sample');
      assert.equal(status?.state, 'running');
      assert.deepEqual(status.trials, { completed: 3, failed: 0, running: 0 });
      assert.deepEqual([status.base.score, status.best?.trial, status.best?.score], [0.4, 't0002', 0.5]);
      assert.deepEqual(
        [status.spend.gpuSeconds, status.spend.lostGpuSeconds, status.saved.gpuSeconds],
        [9, 3, 21],
      );
      const board = await loadLeaderboard(store, 'sample');
      assert.deepEqual(
        board?.rows.map(({ trial, feasible }) => [trial, feasible]),
        [
          ['t0002', true],
          ['t0000', true],
          ['t0001', false],
        ],
      );
      assert.equal(await loadStatus(store, 'other'), null);
      assert.equal((await listExplorations(store)).length, 1);
    });
  });

  it('looks stages up: what is missing comes dependencies first, what is there is reused', async () => {
    await withFolder(async (folder) => {
      const store = createFolderStore(folder);
      const { lookup } = createLedgerActivities({ store });
      const stage = (kind: Stage['kind'], inputs: Stage['inputs']) =>
        identify({ kind, recipeVersion: 1, inputs, parameters: {}, seed: '1' });
      const base = stage('model', {});
      const first = stage('sft', { model: [base.stageId] });
      const second = stage('merge', { models: [base.stageId, first.stageId] });
      for (const one of [base, first, second])
        await store.putIfAbsent(keys.stage(one.stageId), JSON.stringify(one.stage));
      await assert.rejects(
        lookup({ stageId: second.stageId, evaluations: [], requester: 'other' }),
        /expected the imported model/,
      );
      await store.publish(base.stageId, 'model', [], { weightsSha256: sha256Hex('w') });
      const before = await lookup({ stageId: second.stageId, evaluations: [], requester: 'other' });
      assert.deepEqual(
        before.missing.map(({ stageId }) => stageId),
        [first.stageId, second.stageId],
      );
      await store.publish(second.stageId, 'merge', [], { weightsSha256: sha256Hex('m'), attempts: [] });
      const after = await lookup({
        stageId: second.stageId,
        evaluations: [sampleStageId(1)],
        requester: 'other',
      });
      assert.deepEqual(after.missing, []);
      assert.equal(after.weightsSha256, sha256Hex('m'));
      assert.deepEqual(
        after.found.map(({ kind, reused }) => [kind, reused]),
        [['merge', true]],
      );
    });
  });

  it('books what was made for the same requester as paid, its rebuilt parents too', async () => {
    await withFolder(async (folder) => {
      const store = createFolderStore(folder);
      const { lookup } = createLedgerActivities({ store });
      const base = identify({ kind: 'model', recipeVersion: 1, inputs: {}, parameters: {}, seed: '1' });
      const child = (model: string) =>
        identify({ kind: 'sft', recipeVersion: 1, inputs: { model: [model] }, parameters: {}, seed: '1' });
      const parent = child(base.stageId);
      const target = child(parent.stageId);
      for (const one of [base, parent, target])
        await store.putIfAbsent(keys.stage(one.stageId), JSON.stringify(one.stage));
      await store.publish(base.stageId, 'model', [], { weightsSha256: sha256Hex('w') });
      await store.publish(parent.stageId, 'sft', [], { madeFor: 'x/t0004', attempts: [] });
      const booked = async (requester: string) =>
        (await lookup({ stageId: target.stageId, evaluations: [], requester })).found.map(
          ({ stageId, reused }) => [stageId, reused],
        );
      assert.deepEqual(await booked('x/t0004'), [[parent.stageId, false]]);
      assert.deepEqual(await booked('x/t0005'), []);
      await store.publish(target.stageId, 'sft', [], { madeFor: 'x/t0004', attempts: [] });
      assert.deepEqual(await booked('x/t0004'), [[target.stageId, false]]);
      assert.deepEqual(await booked('x/t0005'), [[target.stageId, true]]);
    });
  });
});

describe('the report', () => {
  it('keeps hostile text inert and asks nothing of the network', async () => {
    await withFolder(async (folder) => {
      const store = createFolderStore(folder);
      const hostile = `<script>alert(1)</script><img src=x onerror="alert(1)">'"&\u0000`;
      await recorded(store, hostile);
      const found = await loadExploration(store, 'sample');
      assert.ok(found);
      const page = renderReport(found);
      assert.equal(page.match(/<script/gi)?.length, 1, 'the page has one script, its own');
      assert.ok(!/<img/i.test(page));
      assert.ok(!/(src|href)\s*=\s*"?(https?:)?\/\//i.test(page));
      assert.ok(page.includes('&lt;script&gt;'));
      assert.match(page, /no result yet/);
    });
  });

  it('balances its elements', async () => {
    await withFolder(async (folder) => {
      const store = createFolderStore(folder);
      await recorded(store);
      const found = await loadExploration(store, 'sample');
      assert.ok(found);
      assert.equal(imbalanceOf(renderReport(found)), null);
    });
  });
});
