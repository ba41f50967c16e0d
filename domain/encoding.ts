import { ACTION_TYPES, isTrainingKind } from './actionTypes.js';
import { valueOf, flatOf } from './flatParameter.js';
import { ACTION, dimensionsOf, existsBeside, flatNames, FLAGS } from './flatSpace.js';
import { modelsNear, ranksOf, type ModelRanks } from './modelRanks.js';
import { applies, type ParameterValues } from './parameterSpace.js';
import type { ActionSpace, Plan } from './plan.js';
import type { OpenModels } from './openModels.js';
import type { Pool } from './pool.js';
import type { Random } from './random.js';
import { faultOfAction, isLegal, modelsAllowed } from './space.js';
import type { Dimension, FlatValues } from './suggestion.js';
import type { Action } from './trial.js';

/** What actions are written down, and read, against. */
export interface Code {
  readonly plan: Plan;
  readonly pool: Pool;
  readonly ranks: ModelRanks;
  readonly dimensions: readonly Dimension[];
  readonly open?: OpenModels;
}

/** Ranking takes longer the larger the pool is, and not every policy asks for it: it is done when asked for. */
export function codeOf({ plan, pool, open }: Pick<Code, 'plan' | 'pool' | 'open'>): Code {
  let ranks: ModelRanks | null = null;
  return {
    ...{ plan, pool, dimensions: dimensionsOf(plan), ...(open === undefined ? {} : { open }) },
    get ranks() {
      return (ranks ??= ranksOf(pool));
    },
  };
}

/**
 * The action as a point of `dimensionsOf(plan)`; null where it is none of the plan's (a person's own, say).
 * `quantiles`: those of its models; today's where left out.
 */
export function encodeAction(
  { plan, pool, ranks, dimensions }: Code,
  action: Action,
  quantiles: readonly number[] = action.models.map((stageId) => ranks.quantileOf(stageId) ?? 0),
): FlatValues | null {
  const space = plan.actions.find(({ kind }) => kind === action.kind);
  if (space === undefined || faultOfAction({ plan, pool }, action) !== null) return null;
  const all: FlatValues = {
    [ACTION]: action.kind,
    ...flatModels(action, quantiles),
    ...flatDatasets(space, action),
    ...flatParameters(space, action),
  };
  return dimensions.reduce<FlatValues>((values, dimension) => {
    const value = all[dimension.name];
    return value !== undefined && existsBeside(dimension, values)
      ? { ...values, [dimension.name]: value }
      : values;
  }, {});
}

/** The legal action nearest to the point, new or not; null where there is none. `random` settles ties of datasets. */
export function decodeAction(code: Code, values: FlatValues, random: Random): Action | null {
  const { plan, pool } = code;
  const space = plan.actions.find(({ kind }) => kind === (values[ACTION] ?? plan.actions[0]?.kind));
  if (space === undefined) return null;
  const mixed = ACTION_TYPES[space.kind].models.roles !== undefined;
  const models = modelsNear(code.ranks, wantedQuantiles(space, values), mixed);
  if (models === null) return null;
  const datasets = datasetsOf(space, values, random);
  const mended = { ...values, [flatNames.parameter(space.kind, 'method')]: 'linear' };
  const actions = [values, mended].map((flat): Action => {
    return { kind: space.kind, models, datasets, parameters: parametersOf(space, flat) };
  });
  // Models of another architecture than the base's can be merged by the linear method alone.
  return actions.find((action) => isLegal({ plan, pool }, action)) ?? null;
}

/** A merge is the same in any order: its best model comes first. Models with roles stay in their places. */
function flatModels({ kind, models }: Action, quantiles: readonly number[]): FlatValues {
  const hasRoles = ACTION_TYPES[kind].models.roles !== undefined;
  const sorted = hasRoles ? quantiles : [...quantiles].sort((a, b) => b - a);
  const entries = sorted.map((quantile, index) => [flatNames.model(kind, index + 1), quantile] as const);
  return { [flatNames.modelCount(kind)]: String(models.length), ...Object.fromEntries(entries) };
}

function flatDatasets({ kind, datasets }: ActionSpace, action: Action): FlatValues {
  const flags = datasets.map((name) => {
    return [flatNames.datasetFlag(kind, name), FLAGS[action.datasets.includes(name) ? 1 : 0]] as const;
  });
  return { [flatNames.dataset(kind)]: action.datasets[0] ?? '', ...Object.fromEntries(flags) };
}

function flatParameters({ kind, parameters }: ActionSpace, action: Action): FlatValues {
  const entries = Object.entries(action.parameters).flatMap(([name, value]) => {
    const of = parameters[name];
    return of === undefined ? [] : [[flatNames.parameter(kind, name), flatOf(of, value)] as const];
  });
  return Object.fromEntries(entries);
}

function wantedQuantiles(space: ActionSpace, values: FlatValues): readonly number[] {
  const count = Number(values[flatNames.modelCount(space.kind)] ?? modelsAllowed(space).minimum);
  return Array.from({ length: count }, (_, index) =>
    Number(values[flatNames.model(space.kind, index + 1)] ?? 0),
  );
}

/** Of too many flags some are dropped, of none one is raised; in the space's order. */
function datasetsOf(space: ActionSpace, values: FlatValues, random: Random): readonly string[] {
  const { kind, datasets, maxDatasets } = space;
  if (!isTrainingKind(kind)) return [];
  const one = values[flatNames.dataset(kind)];
  const raised = datasets.filter(
    (name) => name === one || values[flatNames.datasetFlag(kind, name)] === 'yes',
  );
  const kept = new Set(
    raised.length === 0 ? random.shuffle(datasets).slice(0, 1) : random.shuffle(raised).slice(0, maxDatasets),
  );
  return datasets.filter((name) => kept.has(name));
}

function parametersOf(space: ActionSpace, values: FlatValues): ParameterValues {
  return ACTION_TYPES[space.kind].parameters.reduce<ParameterValues>((chosen, type) => {
    const of = space.parameters[type.name];
    if (of === undefined || !applies(type, chosen)) return chosen;
    return { ...chosen, [type.name]: valueOf(of, values[flatNames.parameter(space.kind, type.name)]) };
  }, {});
}
