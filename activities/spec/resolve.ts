import { ACTION_TYPES, isTrainingKind, type ParameterType } from '../../domain/actionTypes.js';
import type { DataShape } from '../../domain/dataShapes.js';
import { rungsFrom } from '../../domain/fidelity.js';
import type { GpuFleet } from '../../domain/gpuClass.js';
import { asksLlm } from '../../domain/llmTurns.js';
import { sizedModels, withoutImpossible } from '../../domain/memoryLimits.js';
import { priceOf, tabledPrice } from '../../domain/prices.js';
import type {
  ActionSpace,
  AgentSettings,
  Budget,
  Constraint,
  LlmSettings,
  ParameterSpace,
  Plan,
} from '../../domain/plan.js';
import { EMBEDDED_LLM } from '../decide/openLlm.js';
import { actionsOf, type WrittenAction } from './actions.js';
import { benchmarkNotes } from './benchmarkNotes.js';
import type { WrittenSpace } from './parameterSchema.js';
import type { Spec } from './schema.js';
import { narrowMargins } from '../../domain/constraintEvidence.js';
import type { Sources } from './sources.js';
import { fleetOf } from './workers.js';

/** The plan of a spec: every default filled in, every source pinned. Pure. */
export function resolvePlan(spec: Spec, sources: Sources, explorationId: string): Plan {
  const llm = llmOf(spec);
  const policy = spec.policy === 'auto' ? (llm === null ? 'evolution' : 'hybrid') : spec.policy;
  const constraints = spec.objective.constraints.map(constraintOf);
  const workers = fleetOf(spec.workers);
  const models = sizedModels(sources.models);
  const actions = actionsOf(spec).map((action) =>
    withoutImpossible(actionSpace(action, sources), models, workers),
  );
  return {
    schemaVersion: 1,
    explorationId,
    name: spec.name,
    seed: String(spec.seed),
    ...sources,
    actions: actions.map(({ space }) => space),
    constraints,
    level: spec.objective.level,
    policy,
    llm: asksLlm(policy) ? llm : null,
    agent: agentOf(spec),
    budget: budgetOf(spec),
    stop: { plateau: spec.stop.plateau ?? null, target: spec.stop.target ?? null },
    parallel: spec.parallel,
    checkpointSeconds: spec.checkpointSeconds,
    maxStages: spec.maxStages ?? null,
    finalists: spec.finalists,
    ...fidelityOf(spec),
    ...(workers === undefined ? {} : { workers }),
    notes: [
      ...policyNotes(spec),
      ...priceNotes(asksLlm(policy) ? llm : null),
      ...gpuPriceNotes(spec, workers),
      ...actions.flatMap(({ notes }) => notes),
      ...idleParameters(spec),
      ...idleRungs(spec),
      ...benchmarkNotes(spec),
      ...unchangedDatasets(sources),
      ...narrowMargins(constraints, sources.benchmarks, spec.objective.level),
    ],
  };
}

export function budgetOf({ budget }: Spec): Budget {
  return {
    trials: budget.trials,
    gpuSeconds: budget.gpuSeconds ?? null,
    wallClockSeconds: budget.wallClock ?? null,
    llmTokens: budget.llmTokens ?? null,
    usd: budget.usd ?? null,
    gpuSecondsPerTrial: budget.gpuSecondsPerTrial ?? null,
  };
}

/** Nothing where the spec names none: its plan, and all that follows, is as before. */
function fidelityOf({ fidelity }: Spec): Pick<Plan, 'fidelity'> {
  if (fidelity === undefined) return {};
  const { smallest, reduction } = fidelity;
  return { fidelity: { rungs: rungsFrom(smallest, reduction), reduction } };
}

function idleRungs(spec: Spec): readonly string[] {
  const trains = actionsOf(spec).some(({ kind }) => isTrainingKind(kind));
  return spec.fidelity === undefined || trains ? [] : ['fidelity: without effect, since no action trains'];
}

/** Two names of the same rows: not wrong, but the search would count them as two. */
function unchangedDatasets({ datasets }: Sources): readonly string[] {
  return datasets.flatMap(({ name, rows, derivation }) =>
    (derivation?.operation === 'filter' || derivation?.operation === 'dedupe') &&
    derivation.rowsBefore === rows
      ? [
          `datasets.${name}: its ${derivation.operation} leaves no row out; it is ${derivation.from.join()} again`,
        ]
      : [],
  );
}

function llmOf({ llm }: Spec): LlmSettings | null {
  if (llm === undefined) return null;
  const { embedded, baseUrl, model, timeoutSeconds, maxTokens, prices } = llm;
  const priced = (settings: LlmSettings): LlmSettings => ({
    ...settings,
    price: prices ?? tabledPrice(settings.model),
  });
  if (embedded === true) return priced(EMBEDDED_LLM);
  return baseUrl === undefined || model === undefined
    ? null
    : priced({ baseUrl, model, timeoutSeconds, maxTokens });
}

/** GPU-seconds differ from run to run: prompts hold them only where the search ends by them anyway. */
function agentOf({ agent: { explore, costs }, budget }: Spec): AgentSettings {
  const automatic = budget.gpuSeconds === undefined ? 'sequences' : 'seconds';
  return { explore, costs: costs === 'auto' ? automatic : costs };
}

function priceNotes(llm: LlmSettings | null): readonly string[] {
  if (llm === null || priceOf(llm) !== null) return [];
  return [
    `llm ${llm.model}: its price is not known, so no $ are booked; set llm.prices: {promptPerMillion, completionPerMillion} in USD (0 for a server of your own)`,
  ];
}

/** A budget in USD that would not end by what GPUs cost. */
function gpuPriceNotes({ budget }: Spec, workers: GpuFleet | undefined): readonly string[] {
  const free = workers?.classes.filter(({ pricePerHour }) => pricePerHour === null) ?? [];
  if (budget.usd === undefined || free.length === 0) return [];
  const names = free.map(({ name }) => name).join(', ');
  return [`workers.classes: no pricePerHour of ${names}, so budget.usd counts nothing for their GPUs`];
}

function policyNotes({ policy, llm }: Spec): readonly string[] {
  if (policy !== 'auto' && !asksLlm(policy) && llm !== undefined)
    return [
      `policy ${policy}: the llm of the spec is not used; write policy: hybrid or agent to let it choose`,
    ];
  if (llm?.embedded === true)
    return ['llm embedded: it obeys the schema and decides badly; it proves the path, never the quality'];
  if (policy === 'auto' && llm === undefined)
    return [
      'policy auto: evolution, since the spec names no llm; for hybrid add llm: {baseUrl, model}, or start with --llm embedded',
    ];
  return [];
}

/** Parameters that the spec sets and no choice of the other parameters can use. */
function idleParameters(spec: Spec): readonly string[] {
  return actionsOf(spec).flatMap(({ kind, parameters }) =>
    ACTION_TYPES[kind].parameters.flatMap(({ name, when }) => {
      if (when === undefined || parameters[name] === undefined) return [];
      const deciding = ACTION_TYPES[kind].parameters.find((type) => type.name === when.parameter);
      const values = [parameters[when.parameter] ?? deciding?.default ?? ''].flat();
      if (values.some((value) => when.isOneOf.includes(String(value)))) return [];
      const wanted = when.isOneOf.join(' or ');
      return [
        `actions.${kind}.parameters.${name}: without effect, since ${when.parameter} is never ${wanted}`,
      ];
    }),
  );
}

function actionSpace(action: WrittenAction, { datasets }: Sources): ActionSpace {
  const { parameters: types, data } = ACTION_TYPES[action.kind];
  const names = action.datasets ?? finalDatasets(datasets, data);
  return {
    kind: action.kind,
    parameters: Object.fromEntries(
      types.map((type) => [type.name, spaceOf(type, action.parameters[type.name])]),
    ),
    datasets: names,
    maxDatasets: Math.min(action.maxDatasets, names.length),
    maxModels: action.maxModels,
  };
}

/** Of the shapes, but for those that another one of them is made of: what is left out, mixed or ordered there is chosen there. */
function finalDatasets(datasets: Sources['datasets'], shapes: readonly DataShape[]): readonly string[] {
  const fitting = datasets.filter(({ shape }) => shapes.some((one) => one === shape));
  const used = new Set(fitting.flatMap(({ derivation }) => derivation?.from ?? []));
  return fitting.map(({ name }) => name).filter((name) => !used.has(name));
}

export function spaceOf(type: ParameterType, written: WrittenSpace | undefined): ParameterSpace {
  const space = written ?? type.default;
  if (typeof space !== 'object') return { kind: 'choices', values: [space] };
  if ('low' in space) return { kind: 'range', ...space, integer: type.type === 'integer' };
  return { kind: 'choices', values: space };
}

function constraintOf({ benchmark, atLeast }: Spec['objective']['constraints'][number]): Constraint {
  if (typeof atLeast === 'number') return { benchmark, relativeToBase: false, bound: atLeast };
  const offset = atLeast.slice('base'.length).replaceAll(' ', '');
  return { benchmark, relativeToBase: true, bound: offset === '' ? 0 : Number(offset) };
}
