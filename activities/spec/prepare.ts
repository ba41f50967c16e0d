import { ApplicationFailure } from '@temporalio/common';
import { join, resolve } from 'node:path';
import { ACTION_TYPES } from '../../domain/actionTypes.js';
import type { Json, JsonObject } from '../../domain/json.js';
import {
  SPLITS,
  type ActionSpace,
  type Constraint,
  type LlmSettings,
  type ParameterSpace,
  type Plan,
  type PlannedBenchmark,
  type PlannedDataset,
  type PlannedModel,
  type Split,
} from '../../domain/plan.js';
import {
  canonicalJson,
  identify,
  RECIPE_VERSIONS,
  sha256Hex,
  type IdentifiedStage,
  type SourceKind,
} from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import type { Action, ProposedTrial } from '../../domain/trial.js';
import type { OrchestratorActivities, PrepareInput } from '../../workflows/activities.js';
import { EMBEDDED_LLM } from '../decide/openLlm.js';
import { keys } from '../store/keys.js';
import { sha256OfFile } from '../store/folder.js';
import type { ObjectSource, Store } from '../store/store.js';
import { formatFaults, type Fault } from './faults.js';
import { checkFiles, type CheckedFiles } from './files.js';
import type { Spec, SpaceSpec } from './schema.js';
import { absolutePaths, actionsOf, parseSpec } from './spec.js';
import { weightsFacts } from './weights.js';

/** The id that keys ledger and decisions: a fresh start under an old name never reads old decisions. */
export function explorationIdOf(name: string, firstRunId: string): string {
  return `${name}-${sha256Hex(firstRunId).slice(0, 8)}`;
}

/** Validates a spec, imports what it names into the store by content, and resolves it into a plan. Idempotent. */
export function createPrepare({ store }: { readonly store: Store }): OrchestratorActivities['prepare'] {
  return async (input) => {
    const { spec, files } = await validated(input.spec);
    const plan = await resolvePlan(store, spec, files, input);
    await store.putIfAbsent(keys.plan(plan.explorationId), JSON.stringify(plan));
    const baselines = await baselinesOf(store, plan);
    const pointer = {
      explorationId: plan.explorationId,
      workflowId: input.workflowId,
      startedAt: new Date().toISOString(),
    };
    await store.replace(keys.name(plan.name), JSON.stringify(pointer));
    return { plan, baselines };
  };
}

async function validated(value: Json): Promise<{ readonly spec: Spec; readonly files: CheckedFiles }> {
  const parsed = parseSpec(value);
  if (!parsed.ok) throw invalid(parsed.faults);
  const spec = absolutePaths(parsed.spec, resolve('.'));
  const faults: Fault[] = [];
  const files = await checkFiles(spec, faults);
  if (faults.length > 0) throw invalid(faults);
  return { spec, files };
}

/** Fails the workflow once: no retry mends a spec. */
function invalid(faults: readonly Fault[]): ApplicationFailure {
  const few = faults.slice(0, 50);
  const more = faults.length > few.length ? `\n… and ${String(faults.length - few.length)} more` : '';
  const message = `The spec has ${String(faults.length)} faults:\n${formatFaults(few)}${more}`;
  const failure = ApplicationFailure.nonRetryable(message, 'InvalidSpec');
  failure.stack = ''; // a person's mistake needs no stack
  return failure;
}

async function resolvePlan(
  store: Store,
  spec: Spec,
  files: CheckedFiles,
  { firstRunId }: PrepareInput,
): Promise<Plan> {
  const llm = llmOf(spec);
  return {
    schemaVersion: 1,
    // Run ids begin with the time, so their first digits are no identity: runs of the same minute share them.
    explorationId: explorationIdOf(spec.name, firstRunId),
    name: spec.name,
    seed: String(spec.seed),
    models: await Promise.all(Object.keys(spec.models).map((name) => importModel(store, spec, name, files))),
    datasets: await Promise.all(
      Object.keys(spec.datasets).map((name) => importDataset(store, spec, name, files)),
    ),
    benchmarks: await Promise.all(
      Object.keys(spec.benchmarks).map((name) => importBenchmark(store, spec, name, files)),
    ),
    actions: actionsOf(spec).map(([kind, action]) => actionSpace(kind, action, files)),
    constraints: spec.objective.constraints.map(constraintOf),
    policy: spec.policy === 'auto' ? (llm === null ? 'random' : 'agent') : spec.policy,
    llm,
    budget: {
      trials: spec.budget.trials,
      gpuSeconds: spec.budget.gpuSeconds ?? null,
      wallClockSeconds: spec.budget.wallClockSeconds ?? null,
    },
    parallel: spec.parallel,
    checkpointSeconds: spec.checkpointSeconds,
    finalists: spec.finalists,
    notes: notesOf(spec),
  };
}

function notesOf(spec: Spec): readonly string[] {
  if (spec.policy !== 'auto' || spec.llm !== undefined) return [];
  return [
    'policy auto: no LLM is named in the spec, so trials are chosen by the random policy; switch the agent on with `--llm embedded` or llm: {baseUrl, model}',
  ];
}

function llmOf({ llm }: Spec): LlmSettings | null {
  if (llm === undefined) return null;
  return 'embedded' in llm ? EMBEDDED_LLM : llm;
}

/** Imports files as a source object; its id comes from their bytes. */
async function importSource(
  store: Store,
  kind: SourceKind,
  files: readonly { readonly path: string; readonly file: string }[],
  parameters: JsonObject,
  facts: JsonObject,
): Promise<string> {
  const listed = await Promise.all(
    files.map(async ({ path, file }) => ({ path, sha256: await sha256OfFile(file) })),
  );
  const contentSha256 = sha256Hex(canonicalJson(listed));
  const one = identify({
    kind,
    recipeVersion: RECIPE_VERSIONS[kind],
    inputs: {},
    parameters: { contentSha256, ...parameters },
    seed: '0',
  });
  const sources: readonly ObjectSource[] = files;
  if ((await store.manifest(one.stageId)) === null) await store.publish(one.stageId, kind, sources, facts);
  await saveRecipe(store, one);
  return one.stageId;
}

export async function saveRecipe(store: Store, { stageId, stage }: IdentifiedStage): Promise<void> {
  await store.putIfAbsent(keys.stage(stageId), JSON.stringify(stage));
}

async function importModel(
  store: Store,
  spec: Spec,
  name: string,
  checked: CheckedFiles,
): Promise<PlannedModel> {
  const folder = spec.models[name]?.path ?? '';
  const files = (checked.models[name] ?? []).map((path) => ({ path, file: join(folder, path) }));
  const facts = await weightsFacts(
    files.filter(({ path }) => path.endsWith('.safetensors')).map(({ file }) => file),
  );
  const stageId = await importSource(store, 'model', files, {}, { ...facts });
  return { name, stageId, ...facts };
}

async function importDataset(
  store: Store,
  spec: Spec,
  name: string,
  checked: CheckedFiles,
): Promise<PlannedDataset> {
  const { shape, rows } = checked.datasets[name] ?? { shape: 'sft', rows: 0 };
  const files = [{ path: 'data.jsonl', file: spec.datasets[name]?.path ?? '' }];
  return {
    name,
    stageId: await importSource(store, 'dataset', files, { shape }, { shape, rows }),
    shape,
    rows,
  };
}

async function importBenchmark(
  store: Store,
  spec: Spec,
  name: string,
  checked: CheckedFiles,
): Promise<PlannedBenchmark> {
  const benchmark = spec.benchmarks[name];
  if (benchmark === undefined) throw new Error(`benchmark: expected ${name} in the spec`);
  const { metric, maxNewTokens, weight, path } = benchmark;
  const split = async (which: Split) => {
    const items = checked.benchmarks[name]?.[which] ?? 0;
    const files = [{ path: 'items.jsonl', file: join(path, `${which}.jsonl`) }];
    return {
      stageId: await importSource(
        store,
        'benchmark',
        files,
        { metric, maxNewTokens },
        { metric, maxNewTokens, items },
      ),
      items,
    };
  };
  const [search, confirm, test] = [await split(SPLITS[0]), await split(SPLITS[1]), await split(SPLITS[2])];
  return { name, metric, weight, splits: { search, confirm, test } };
}

function actionSpace(
  kind: Action['kind'],
  action: NonNullable<Spec['actions'][Action['kind']]>,
  files: CheckedFiles,
): ActionSpace {
  const type = ACTION_TYPES[kind];
  const shaped = Object.entries(files.datasets).filter(([, { shape }]) => shape === type.data);
  const datasets = type.data === null ? [] : (action.datasets ?? shaped.map(([name]) => name));
  return {
    kind,
    parameters: Object.fromEntries(
      type.parameters.map(({ name, type: valueType, default: usual }) => [
        name,
        spaceOf(action.parameters[name] ?? usual, valueType === 'integer'),
      ]),
    ),
    datasets,
    maxDatasets: Math.min(action.maxDatasets, datasets.length),
    maxModels: kind === 'merge' ? action.maxModels : 1,
  };
}

function spaceOf(space: SpaceSpec, integer: boolean): ParameterSpace {
  if (Array.isArray(space)) return { kind: 'choices', values: space };
  if (typeof space === 'object') return { kind: 'range', ...space, integer };
  return { kind: 'choices', values: [space] };
}

function constraintOf({ benchmark, atLeast }: Spec['objective']['constraints'][number]): Constraint {
  if (typeof atLeast === 'number') return { benchmark, relativeToBase: false, bound: atLeast };
  const offset = atLeast.replace(/^base/, '').replace(/ /g, '');
  return { benchmark, relativeToBase: true, bound: offset === '' ? 0 : Number(offset) };
}

/** Trial 0 is the untouched base; trial 1, where there is SFT, trains on all SFT data with the middle of each space. */
async function baselinesOf(store: Store, plan: Plan): Promise<readonly ProposedTrial[]> {
  const base = plan.models[0];
  if (base === undefined) throw new Error('models: expected at least one');
  const zero: ProposedTrial = {
    trial: 0,
    origin: 'base',
    decision: null,
    action: null,
    stageId: base.stageId,
    label: `base model ${base.name}`,
  };
  const space = plan.actions.find(({ kind }) => kind === 'sft');
  if (space === undefined) return [zero];
  const parameters = Object.fromEntries(
    Object.entries(space.parameters).map(([name, one]) => [name, middleOf(one)]),
  );
  const action: Action = { kind: 'sft', models: [base.stageId], datasets: space.datasets, parameters };
  const stage = identify(stageOfAction(plan, action));
  await saveRecipe(store, stage);
  return [
    zero,
    { trial: 1, origin: 'allData', decision: null, action, stageId: stage.stageId, label: 'sft on all data' },
  ];
}

function middleOf(space: ParameterSpace): number | string {
  if (space.kind === 'choices') return space.values[Math.floor((space.values.length - 1) / 2)] ?? 0;
  const middle = space.scale === 'log' ? Math.sqrt(space.low * space.high) : (space.low + space.high) / 2;
  return space.integer ? Math.round(middle) : Number(middle.toPrecision(3));
}

/** The plan of an exploration, from the store. */
export async function loadPlan(store: Store, explorationId: string): Promise<Plan> {
  const text = await store.read(keys.plan(explorationId));
  if (text === null) throw new Error(`plan of ${explorationId}: expected in the store, got none`);
  return JSON.parse(text) as Plan;
}
