import { ACTION_TYPES, isTrainingKind, MERGE_METHODS } from './actionTypes.js';
import {
  countParameters,
  enumerateParameters,
  faultOfParameters,
  sampleParameters,
} from './parameterSpace.js';
import { faultOfMemory } from './memoryFault.js';
import { openModelsOf, type OpenModels } from './openModels.js';
import { faultOfSize } from './pipelineSize.js';
import type { ActionSpace, Plan } from './plan.js';
import type { Pool, Tried } from './pool.js';
import type { Random } from './random.js';
import { stageIdOf, type BuildKind } from './stage.js';
import { stageOfAction } from './stageOfAction.js';
import { countSubsets, enumerateSubsets, sampleSubset, type Subsets } from './subsets.js';
import type { Action } from './trial.js';

/** All that decides which actions are legal, and which of them are new. */
export interface Space {
  readonly plan: Plan;
  readonly pool: Pool;
  /** Stage ids that must not be proposed again. */
  readonly tried: Tried;
  /** Those of the pool that may be built on, where they are known already; else they are looked for. */
  readonly open?: OpenModels;
}

/** What an action is drawn from. */
type Drawn = Pick<Space, 'plan' | 'pool' | 'open'>;

/** Draws before a space is listed, or, where it can't be listed, before it counts as exhausted. */
const QUICK_DRAWS = 100;
const MOST_DRAWS = 2000;
/** Spaces up to this size are listed to find what is left. */
const LISTABLE = 10_000;

/** What is wrong with the action, or null. A legal action may still have been tried (`isNew`). */
export function faultOfAction({ plan, pool }: Pick<Space, 'plan' | 'pool'>, action: Action): string | null {
  const space = plan.actions.find((one) => one.kind === action.kind);
  if (space === undefined)
    return `action type: expected one of ${plan.actions.map((one) => one.kind).join(', ')}, got ${action.kind}`;
  return (
    faultOfModels(space, pool, action.models) ??
    faultOfDatasets(space, action.datasets) ??
    faultOfParameters(ACTION_TYPES[space.kind].parameters, space.parameters, action.parameters) ??
    faultOfValues(action) ??
    faultOfMethod(plan, pool, action) ??
    faultOfMemory(plan, pool, action) ??
    faultOfSize({ plan, pool }, action.models)
  );
}

export function isLegal(space: Pick<Space, 'plan' | 'pool'>, action: Action): boolean {
  return faultOfAction(space, action) === null;
}

/** Not tried before, failures included, and not in flight. */
export function isNew({ plan, tried }: Pick<Space, 'plan' | 'tried'>, action: Action): boolean {
  return !tried.has(stageIdOf(stageOfAction(plan, action)));
}

function isNewAndLegal(space: Space, action: Action): boolean {
  const fault =
    faultOfValues(action) ??
    faultOfMethod(space.plan, space.pool, action) ??
    faultOfMemory(space.plan, space.pool, action) ??
    faultOfSize(space, action.models);
  return fault === null && isNew(space, action);
}

/** How many actions of the type there are at most; Infinity where a range of real numbers is open. */
export function countActions(drawn: Drawn, kind: BuildKind): number {
  return drawn.plan.actions
    .filter((space) => space.kind === kind)
    .map((space) => {
      const models = modelGroups(space, drawn).reduce((total, group) => total + countSubsets(group), 0);
      if (models === 0) return 0;
      const data = countSubsets(dataGroup(space));
      return data === 0
        ? 0
        : models * data * countParameters(ACTION_TYPES[kind].parameters, space.parameters);
    })
    .reduce((total, one) => total + one, 0);
}

/** The actions that `countActions` counts; only where the count is finite. */
export function* enumerateActions(drawn: Drawn, kind: BuildKind): Generator<Action> {
  for (const space of drawn.plan.actions.filter((one) => one.kind === kind))
    for (const group of modelGroups(space, drawn))
      for (const models of enumerateSubsets(group))
        for (const datasets of enumerateSubsets(dataGroup(space)))
          for (const parameters of enumerateParameters(ACTION_TYPES[kind].parameters, space.parameters))
            yield { kind, models, datasets, parameters };
}

/** A new legal action of the type, drawn by the generator; null when none is left (or none found in 2,000 draws). */
export function sampleNewAction(space: Space, kind: BuildKind, random: Random): Action | null {
  const count = countActions(space, kind);
  if (count === 0) return null;
  const listable = count <= LISTABLE;
  for (let draw = 0; draw < (listable ? QUICK_DRAWS : MOST_DRAWS); draw += 1) {
    const action = sampleAction(space, kind, random);
    if (action !== null && isNewAndLegal(space, action)) return action;
  }
  if (!listable) return null;
  const left = [...enumerateActions(space, kind)].filter((action) => isNewAndLegal(space, action));
  return random.pick(left) ?? null;
}

/** A legal action of the type, new or not: first how many objects, then which, then the parameters. */
export function sampleAction(drawn: Drawn, kind: BuildKind, random: Random): Action | null {
  const space = drawn.plan.actions.find((one) => one.kind === kind);
  if (space === undefined) return null;
  const models = sampleModels(modelGroups(space, drawn), random);
  const datasets = sampleSubset(dataGroup(space), random);
  if (models === null || datasets === null) return null;
  const parameters = sampleParameters(ACTION_TYPES[kind].parameters, space.parameters, random);
  return { kind, models, datasets, parameters };
}

function faultOfModels(space: ActionSpace, pool: Pool, models: readonly string[]): string | null {
  const { minimum, maximum } = modelsAllowed(space);
  const distinct = new Set(models).size;
  if (distinct !== models.length) return `models: expected each model once, got one of them twice`;
  if (distinct < minimum || distinct > maximum)
    return `models: expected ${range(minimum, maximum)}, got ${String(distinct)}`;
  const known = models.flatMap((id) => pool.get(id) ?? []);
  if (known.length < distinct) return 'models: expected models of the pool, got another one';
  const sizes = new Set(known.map((model) => model.parameterCount));
  if (sizes.size > 1 && ACTION_TYPES[space.kind].models.roles === undefined)
    return 'models: expected models of one architecture, got several';
  return null;
}

/** Values that the action type's parameters may each have, but not together. */
function faultOfValues({ kind, parameters }: Action): string | null {
  const fault = ACTION_TYPES[kind].fault?.(parameters) ?? null;
  return fault === null ? null : `${fault.parameter}: expected ${fault.rule}, got ${fault.value}`;
}

/**
 * Merges of deltas take them from the first given model, which must share the merged models' architecture; some methods
 * take two models only; and where tasks are subtracted, one at least is added.
 */
function faultOfMethod(plan: Plan, pool: Pool, { kind, models, parameters }: Action): string | null {
  const name = String(parameters['method'] ?? '');
  const method = MERGE_METHODS[name];
  if (kind !== 'merge' || method === undefined) return null;
  if (models.length > method.mostModels)
    return `models: expected ${range(2, method.mostModels)} for ${name}, got ${String(models.length)}`;
  if (Number(parameters['subtracted'] ?? 0) >= models.length)
    return `subtracted: expected fewer than the ${String(models.length)} models, got ${String(parameters['subtracted'])}`;
  const base = plan.models[0]?.parameterCount;
  const fits = !method.needsBase || models.every((id) => pool.get(id)?.parameterCount === base);
  return fits ? null : `method: expected linear for models unlike ${plan.models[0]?.name ?? 'the base'}`;
}

function faultOfDatasets(space: ActionSpace, datasets: readonly string[]): string | null {
  const { items, least, most } = dataGroup(space);
  const foreign = datasets.find((name) => !items.includes(name));
  if (foreign !== undefined)
    return `datasets: expected some of ${items.join(', ') || 'none'}, got ${foreign}`;
  if (new Set(datasets).size !== datasets.length)
    return 'datasets: expected each once, got one of them twice';
  if (datasets.length < least || datasets.length > most)
    return `datasets: expected ${range(least, most)}, got ${String(datasets.length)}`;
  return null;
}

/** Fewest and most models of one action: the action type's bounds, and the plan's for those that take several. */
export function modelsAllowed(space: ActionSpace): { readonly minimum: number; readonly maximum: number } {
  const { minimum, maximum } = ACTION_TYPES[space.kind].models;
  return { minimum, maximum: Math.max(minimum, Math.min(maximum, space.maxModels)) };
}

/** The pool's models that may be built on, by architecture: only those of one group go together; with roles all do. */
function modelGroups(space: ActionSpace, { plan, pool, open }: Drawn): readonly Subsets[] {
  const { minimum: least, maximum: most } = modelsAllowed(space);
  const ordered = ACTION_TYPES[space.kind].models.roles !== undefined;
  const { all, alike } = open ?? openModelsOf({ plan, pool });
  return (ordered ? [all] : [...alike.values()])
    .filter((items) => items.length >= least)
    .map((items) => ({ items, least, most, ordered }));
}

function dataGroup(space: ActionSpace): Subsets {
  if (!isTrainingKind(space.kind)) return { items: [], least: 0, most: 0 };
  return { items: space.datasets, least: 1, most: space.maxDatasets };
}

/** An architecture with the chance of its share of the models, then a subset of it. */
function sampleModels(groups: readonly Subsets[], random: Random): readonly string[] | null {
  const all = groups.reduce((total, group) => total + group.items.length, 0);
  if (all === 0) return null;
  let place = random.integer(all);
  for (const group of groups) {
    if (place < group.items.length) return sampleSubset(group, random);
    place -= group.items.length;
  }
  return null;
}

function range(least: number, most: number): string {
  return least === most ? `exactly ${String(least)}` : `${String(least)} to ${String(most)}`;
}
