import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportTrial, type ExportOptions } from '../activities/export/exportTrial.js';
import { createLedgerActivities } from '../activities/ledger/activities.js';
import { loadExploration } from '../activities/ledger/read.js';
import { RecipeSchema } from '../activities/spec/contract.js';
import { createPrepare } from '../activities/spec/prepare.js';
import { createFolderStore } from '../activities/store/folder.js';
import { putRecipes } from '../activities/store/recipes.js';
import type { Store } from '../activities/store/store.js';
import { evaluationsOf } from '../domain/evaluation.js';
import type { BuildOutcome, EvaluateOutcome } from '../domain/outcome.js';
import type { Plan } from '../domain/plan.js';
import { judge } from '../domain/ranking.js';
import { identify } from '../domain/stage.js';
import { describeAction, stageOfAction } from '../domain/stageOfAction.js';
import type { Action, BenchmarkScore, TrialRecord } from '../domain/trial.js';
import { usualParameters } from '../domain/usualParameters.js';
import { startDirect, type Direct } from '../workers/direct.js';
import { parse } from 'yaml';
import { withFolder } from './harness.js';

const root = join(import.meta.dirname, '..');
const quickstart = join(root, 'examples/quickstart');
const python = join(root, '.venv/bin/python');
const JOB = { schemaVersion: 1, options: { checkpointSeconds: 60, maxStalledAttempts: 3 } };
const training = { steps: 3, batchSize: 4, maxLength: 64, warmupSteps: 1 };
const SPEC = {
  name: 'exported',
  models: { base: { path: join(quickstart, 'model') } },
  datasets: {
    plural: { path: join(quickstart, 'data/plural.jsonl') },
    few: { subset: { from: 'plural', share: 0.5 } },
    terse: { path: join(quickstart, 'data/terse.jsonl') },
  },
  actions: {
    sft: { datasets: ['few', 'plural'], parameters: { ...training, learningRate: 1e-3 } },
    dpo: { parameters: { ...training, learningRate: 1e-7, tuning: 'lora' } },
    merge: { parameters: { method: 'ties', density: 0.5 } },
  },
  benchmarks: { plural: { path: join(quickstart, 'benchmarks/plural'), maxNewTokens: 8 } },
  policy: 'random',
};

/** An exploration as its workflows write it: an SFT, a DPO on it, and the merge of both. */
async function explored(store: Store, direct: Direct): Promise<Plan> {
  const { plan } = await createPrepare({ store })({
    ...{ spec: SPEC, workflowId: 'explore/exported', firstRunId: 'run-1' },
  });
  const ledger = createLedgerActivities({ store });
  const base = plan.models[0]?.stageId ?? '';
  const names = new Map([[base, 'base']]);
  const made: string[] = [];
  const actions: readonly (() => Pick<Action, 'kind' | 'models' | 'datasets'>)[] = [
    () => ({ kind: 'sft', models: [base], datasets: ['few'] }),
    () => ({ kind: 'dpo', models: [made[0] ?? ''], datasets: ['terse'] }),
    () => ({ kind: 'merge', models: made, datasets: [] }),
  ];
  for (const [at, next] of actions.entries()) {
    const chosen = next();
    const space = plan.actions.find(({ kind }) => kind === chosen.kind);
    assert.ok(space);
    const action: Action = { ...chosen, parameters: usualParameters(space) };
    const stage = identify(stageOfAction(plan, action));
    await putRecipes(store, [stage]);
    const requester = `${plan.explorationId}/t000${String(at + 1)}`;
    const built = await direct.call<BuildOutcome>('build', {
      ...JOB,
      ...stage,
      requester,
      label: action.kind,
    });
    assert.equal(built.status, 'completed', JSON.stringify(built));
    const scores = await scored(direct, plan, { stageId: stage.stageId, requester });
    const row: TrialRecord = {
      ...{ schemaVersion: 1, sequence: at, trial: at + 1, origin: 'policy', decision: at, action },
      ...{ stageId: stage.stageId, label: describeAction(plan, action, (id) => names.get(id) ?? '?') },
      ...{
        status: 'completed',
        message: '',
        weightsSha256: built.weightsSha256,
        scores,
        stages: [],
        metrics: {},
      },
      ...{ startedAt: '2026-01-01T00:00:00.000Z', endedAt: '2026-01-01T00:00:10.000Z' },
      ...judge(plan, scores, scores),
    };
    await ledger.record({ explorationId: plan.explorationId, row });
    names.set(stage.stageId, `t000${String(at + 1)}`);
    made.push(stage.stageId);
  }
  return plan;
}

async function scored(
  direct: Direct,
  plan: Plan,
  { stageId, requester }: { readonly stageId: string; readonly requester: string },
): Promise<Readonly<Record<string, BenchmarkScore>>> {
  const evaluations = evaluationsOf(plan, 'search', stageId);
  const outcome = await direct.call<EvaluateOutcome>('evaluate', {
    ...{ ...JOB, modelStageId: stageId, stages: Object.values(evaluations), requester, label: 'search' },
  });
  assert.equal(outcome.status, 'completed');
  const [one] = outcome.scores;
  assert.ok(one);
  const { score, standardError, items, evaluator } = one;
  return {
    plural: {
      stageId: one.stageId,
      score,
      standardError,
      items,
      ...(evaluator === null ? {} : { evaluator }),
    },
  };
}

describe('an export', () => {
  it('holds the model, its card and its recipe, and a script that makes it again to the bit', async () => {
    await withFolder(async (folder) => {
      const store = createFolderStore(join(folder, 'store'));
      const direct = startDirect({ store: store.location });
      await explored(store, direct).finally(() => direct.stop());
      const found = await loadExploration(store, 'exported');
      assert.ok(found);
      const row = found.rows.at(-1);
      assert.ok(row);
      const options: ExportOptions = {
        ...{ folder: join(folder, 'full'), withBase: true, withData: true, python: join(root, 'python-gpu') },
        rebuild: () => Promise.reject(new Error('the model is in the store')),
      };
      const full = options.folder;
      await exportTrial(store, { found, row }, options);

      const recipe = RecipeSchema.parse(parse(await readFile(join(full, 'recipe.yaml'), 'utf8')));
      assert.deepEqual(
        recipe.steps.map(({ name, stage, madeWith }) => [
          name,
          stage.kind,
          madeWith?.device,
          madeWith?.threads,
        ]),
        [
          ['t0001', 'sft', 'cpu', 1],
          ['t0002', 'dpo', 'cpu', 1],
          ['t0003', 'merge', 'cpu', 1],
        ],
      );
      assert.deepEqual(recipe.sources.map(({ name, origin }) => [name, origin]).sort(), [
        ['base', ''],
        ['few', 'subset share 0.5 of plural'],
        ['terse', ''],
      ]);
      const card = await readFile(join(full, 'README.md'), 'utf8');
      assert.match(
        card,
        /^---\nlibrary_name: transformers\n[^]*license: unknown\n[^]*- lamdagent\n[^]*---\n/,
      );
      for (const words of ['was never scored on the test split', 'one seed', 'plural \\| exactMatch', 'F32'])
        assert.match(card, new RegExp(words));
      assert.ok((await stat(join(full, 'model.safetensors'))).size > 0);
      assert.deepEqual(
        (await readdir(folder)).filter((name) => name.startsWith('.')),
        [],
        'no staging folder stays',
      );

      // The script alone: no Node, no server, no installed package of ours on the path, from another folder.
      await cp(full, join(folder, 'moved'), { recursive: true });
      const rebuilt = run(join(folder, 'moved'), []);
      assert.equal(rebuilt.status, 0, rebuilt.output);
      assert.match(rebuilt.output, /equal: the weights are those of exported t0003, bit by bit/);
      assert.match(rebuilt.output, new RegExp(`equal: weights SHA-256 ${String(row.weightsSha256)}`));

      // Without base and data the script names what it needs, and takes it from where it is.
      const lean = join(folder, 'lean');
      await mkdir(lean);
      await exportTrial(
        store,
        { found, row },
        { ...options, folder: lean, withBase: false, withData: false },
      );
      assert.deepEqual(
        (await readdir(lean)).filter((name) => name === 'models' || name === 'data'),
        [],
      );
      const wanting = run(lean, []);
      assert.equal(wanting.status, 2);
      assert.match(wanting.output, /models\/base\/model\.safetensors of model base .*SHA-256/);
      assert.match(
        wanting.output,
        /data\/few\/data\.jsonl of dataset few .*from subset share 0\.5 of plural/,
      );
      const given = run(lean, ['--from', join(quickstart, 'model'), '--from', join(full, 'data')]);
      assert.equal(given.status, 0, given.output);

      // Data that changed is not taken for the recorded one.
      await writeFile(join(full, 'data/terse/data.jsonl'), '{}\n');
      assert.equal(run(full, []).status, 2);

      await assert.rejects(exportTrial(store, { found, row }, options), /expected a new or an empty one/);

      // A model that was collected is made again first; one that is not the ledger's is refused.
      const stageId = row.stageId;
      await store.remove(stageId);
      const again = join(folder, 'again');
      await exportTrial(
        store,
        { found, row },
        {
          ...{ ...options, folder: again },
          rebuild: (_, output, places) => {
            assert.ok(places.some((place) => place.endsWith('data.jsonl')));
            return cp(join(folder, 'moved/rebuilt/model'), join(output, 'model'), { recursive: true }).then(
              () => join(output, 'model'),
            );
          },
        },
      );
      assert.deepEqual(
        await readFile(join(again, 'model.safetensors')),
        await readFile(join(folder, 'moved/model.safetensors')),
      );
      const other = exportTrial(
        store,
        { found, row },
        {
          ...{ ...options, folder: join(folder, 'other') },
          rebuild: () => Promise.resolve(copyOf(join(quickstart, 'model'), join(folder, 'base-copy'))),
        },
      );
      await assert.rejects(other, /weights of t0003: expected SHA-256/);
      assert.ok(!(await readdir(folder)).includes('other'), 'a refused export leaves nothing');
    });
  }).timeout(900_000);
});

async function copyOf(folder: string, target: string): Promise<string> {
  await rm(target, { recursive: true, force: true });
  await cp(folder, target, { recursive: true });
  return target;
}

/** `python rebuild.py` of an export, as a person runs it: outside of this project. */
function run(
  folder: string,
  args: readonly string[],
): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(python, [join(folder, 'rebuild.py'), ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder },
  });
  return { status, output: stdout + stderr };
}
