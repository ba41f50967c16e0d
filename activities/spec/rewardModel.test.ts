import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLegal } from '../../domain/space.js';
import { poolOf } from '../../domain/pool.js';
import { identify } from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import { usualParameters } from '../../domain/usualParameters.js';
import type { Json } from '../../domain/json.js';
import type { Plan } from '../../domain/plan.js';
import type { Action } from '../../domain/trial.js';
import { createLedgerActivities } from '../ledger/activities.js';
import { createFolderStore } from '../store/folder.js';
import { putRecipes } from '../store/recipes.js';
import type { Store } from '../store/store.js';
import { createPrepare } from './prepare.js';
import { checkSpec } from './spec.js';
import { jsonLines, sampleSpec, writeWorld } from './testSpec.js';

const RUN = '1a2b3c4d-0000-4000-8000-000000000000';
const GRPO = { grpo: { parameters: { reward: ['exactMatch', 'model'] } } };
const REWARD_MODEL = { datasets: ['terse'], parameters: { steps: 7 } };

describe('rewards that are no rules', () => {
  let root: string;
  let folder: string;
  let store: Store;
  before(async () => {
    root = await writeWorld();
    folder = await mkdtemp(join(tmpdir(), 'lamdagent-reward-'));
    store = createFolderStore(folder);
    await writeFile(join(root, 'tasks.jsonl'), jsonLines([{ prompt: '6 times 7', answers: ['42'] }]));
    await writeFile(join(root, 'mine.py'), 'def reward(row, answer):\n    return len(answer)\n');
  });
  after(() => Promise.all([root, folder].map((one) => rm(one, { recursive: true, force: true }))));

  const spec = (changes: Readonly<Record<string, unknown>> = {}): Json => {
    const { datasets, ...others } = sampleSpec();
    const all = { ...(datasets as object), tasks: { path: 'tasks.jsonl' } };
    return { ...others, datasets: all, actions: GRPO, rewardModel: REWARD_MODEL, ...changes } as Json;
  };
  const faultsOf = async (changes: Readonly<Record<string, unknown>>): Promise<readonly string[]> => {
    const checked = await checkSpec(spec(changes), root);
    return checked.ok ? [] : checked.faults.map(({ path, rule, value }) => `${path}: ${rule}, ${value}`);
  };
  const prepared = async (changes: Readonly<Record<string, unknown>> = {}): Promise<Plan> => {
    const input = { spec: spec(changes), workflowId: 'explore/sample', firstRunId: RUN };
    return (await createPrepare({ store, root })(input)).plan;
  };

  it('a reward model is an input of stages that it scores, and is made before the first of them', async () => {
    const plan = await prepared();
    const [space] = plan.actions;
    const [base] = plan.models;
    assert.ok(space !== undefined && base !== undefined && plan.rewardModel !== undefined);
    const terse = plan.datasets.find(({ name }) => name === 'terse')?.stageId;
    const { stage, stageId } = plan.rewardModel;
    assert.deepEqual([stage.kind, stage.inputs], ['rewardModel', { model: [base.stageId], data: [terse] }]);
    assert.deepEqual([stage.parameters['steps'], stage.parameters['heldOut']], [7, 0.1]);
    const parameters = { ...usualParameters(space), reward: 'model' };
    const action: Action = { kind: 'grpo', models: [base.stageId], datasets: ['tasks'], parameters };
    assert.ok(isLegal({ plan, pool: poolOf(plan, []) }, action));
    const scored = identify(stageOfAction(plan, action));
    assert.deepEqual(scored.stage.inputs['reward'], [stageId]);
    const checked = stageOfAction(plan, { ...action, parameters: { ...parameters, reward: 'exactMatch' } });
    assert.equal(checked.inputs['reward'], undefined);
    await putRecipes(store, [scored]);
    const { lookup } = createLedgerActivities({ store });
    const asked = { stageId: scored.stageId, evaluations: [], requester: 'sample/t0002' };
    assert.deepEqual(
      (await lookup(asked)).missing.map((one) => one.stage.kind),
      ['rewardModel', 'grpo'],
    );
    const figures = { weightsSha256: 'f'.repeat(64), madeFor: 'sample/t0001', attempts: [] };
    await store.publish(stageId, 'rewardModel', [{ path: 'config.json', text: '{}' }], figures);
    assert.deepEqual(
      (await lookup(asked)).missing.map((one) => one.stage.kind),
      ['grpo'],
    );
  });

  it('are asked for by an action only where the spec has them', async () => {
    const without = await faultsOf({ rewardModel: undefined });
    assert.deepEqual(without, ['actions.grpo.parameters.reward: a rewardModel in the spec, none']);
    assert.deepEqual(await faultsOf({}), []);
    const actions = { rft: { parameters: { reward: 'function' } } };
    assert.deepEqual(await faultsOf({ actions }), [
      'actions.rft.parameters.reward: a rewardFunction in the spec, none',
    ]);
    const [absent] = await faultsOf({ actions, rewardFunction: { path: 'yours.py' } });
    assert.match(absent ?? '', /^rewardFunction\.path: /);
  });

  it('a function is pinned by its bytes', async () => {
    const actions = { rft: { parameters: { reward: 'function' } } };
    const changes = { actions, rewardModel: undefined, rewardFunction: { path: 'mine.py' } };
    const plan = await prepared({ name: 'mine', ...changes });
    const [[space], [base], stageId] = [plan.actions, plan.models, plan.rewardFunction?.stageId];
    assert.ok(space !== undefined && base !== undefined && stageId !== undefined);
    const action = { kind: 'rft', models: [base.stageId], datasets: ['tasks'] } as const;
    const stage = stageOfAction(plan, { ...action, parameters: usualParameters(space) });
    assert.deepEqual(stage.inputs['reward'], [stageId]);
    assert.match(await readFile(await store.openFile(stageId, 'reward.py'), 'utf8'), /^def reward/);
    await appendFile(join(root, 'mine.py'), '# changed\n');
    assert.notEqual((await prepared({ name: 'mine-2', ...changes })).rewardFunction?.stageId, stageId);
  });

  it('a reward model names a given model, datasets of pairs, and parameters that it has', async () => {
    assert.deepEqual(await faultsOf({ rewardModel: { ...REWARD_MODEL, model: 'bass' } }), [
      'rewardModel.model: the name of a model, "bass"',
    ]);
    assert.deepEqual(await faultsOf({ rewardModel: { datasets: ['ters', 'alpha'] } }), [
      'rewardModel.datasets.0: the name of a dataset, "ters"',
      'rewardModel.datasets.1: a dataset of shape preference, alpha of shape sft',
    ]);
    const [quantized] = await faultsOf({ rewardModel: { ...REWARD_MODEL, parameters: { tuning: 'qlora' } } });
    assert.equal(quantized, 'rewardModel.parameters.tuning: one of full, lora, "qlora"');
  });

  it('are noted where nothing learns from them', async () => {
    const plan = await prepared({ name: 'idle', actions: { grpo: {} } });
    assert.ok(plan.notes.some((note) => note.startsWith('rewardModel: without effect')));
  });
});
