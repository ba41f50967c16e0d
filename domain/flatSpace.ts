import { ACTION_TYPES, isTrainingKind, type ParameterType } from './actionTypes.js';
import { dimensionOf } from './flatParameter.js';
import { isOpen } from './parameterSpace.js';
import type { ActionSpace, Plan } from './plan.js';
import { modelsAllowed } from './space.js';
import type { BuildKind } from './stage.js';
import type { Condition, Dimension, FlatValues } from './suggestion.js';

/** Names of dimensions are made here only. */
export const ACTION = 'action';
export const flatNames = {
  /** How many models a merge takes. */
  modelCount: (kind: BuildKind): string => `${kind}.models`,
  /** The rank quantile of the action's model number `place`, from 1. */
  model: (kind: BuildKind, place: number): string => `${kind}.model${String(place)}`,
  /** The dataset, where an action takes one; */
  dataset: (kind: BuildKind): string => `${kind}.dataset`,
  /** else a flag for each. */
  datasetFlag: (kind: BuildKind, name: string): string => `${kind}.dataset.${name}`,
  parameter: (kind: BuildKind, name: string): string => `${kind}.${name}`,
} as const;
export const FLAGS = ['no', 'yes'] as const;

/**
 * The plan's actions as a flat space whose dimensions exist by condition: the action type; for each type its models by
 * rank quantile (so that the pool may grow), its datasets, and its parameters under their own conditions. What has one
 * value only is no dimension.
 */
export function dimensionsOf(plan: Plan): readonly Dimension[] {
  const kinds = plan.actions.map(({ kind }) => kind);
  const several = kinds.length > 1;
  const type: Dimension = { kind: 'categorical', name: ACTION, choices: kinds, when: null };
  const each = plan.actions.flatMap((space) => {
    const when = several ? { dimension: ACTION, isOneOf: [space.kind] } : null;
    return [
      ...modelDimensions(space, when),
      ...dataDimensions(space, when),
      ...parameterDimensions(space, when),
    ];
  });
  return several ? [type, ...each] : each;
}

export function existsBeside({ when }: Dimension, values: FlatValues): boolean {
  return when === null || when.isOneOf.includes(String(values[when.dimension]));
}

function modelDimensions(space: ActionSpace, when: Condition | null): readonly Dimension[] {
  const { kind } = space;
  const { minimum, maximum } = modelsAllowed(space);
  const counts = Array.from({ length: maximum - minimum + 1 }, (_, index) => String(minimum + index));
  const count: Dimension = { kind: 'categorical', name: flatNames.modelCount(kind), choices: counts, when };
  const quantiles = Array.from({ length: maximum }, (_, index): Dimension => {
    const enough = counts.filter((one) => Number(one) > index);
    const condition = index < minimum ? when : { dimension: count.name, isOneOf: enough };
    const name = flatNames.model(kind, index + 1);
    return { kind: 'number', name, low: 0, high: 1, scale: 'linear', integer: false, when: condition };
  });
  return counts.length > 1 ? [count, ...quantiles] : quantiles;
}

function dataDimensions(
  { kind, datasets, maxDatasets }: ActionSpace,
  when: Condition | null,
): readonly Dimension[] {
  if (!isTrainingKind(kind) || datasets.length < 2) return [];
  if (maxDatasets === 1)
    return [{ kind: 'categorical', name: flatNames.dataset(kind), choices: datasets, when }];
  return datasets.map((name) => {
    return { kind: 'categorical', name: flatNames.datasetFlag(kind, name), choices: FLAGS, when };
  });
}

function parameterDimensions(space: ActionSpace, when: Condition | null): readonly Dimension[] {
  return ACTION_TYPES[space.kind].parameters.flatMap((type) => {
    const of = space.parameters[type.name];
    if (of === undefined || !isOpen(of)) return [];
    const condition = conditionOf(space, type, when);
    return condition === 'never'
      ? []
      : [dimensionOf(flatNames.parameter(space.kind, type.name), of, condition)];
  });
}

/** The parameter's own condition, unless the one that decides it is settled. */
function conditionOf(
  { kind, parameters }: ActionSpace,
  { when: own }: ParameterType,
  when: Condition | null,
): Condition | null | 'never' {
  if (own === undefined) return when;
  const deciding = parameters[own.parameter];
  if (deciding === undefined || deciding.kind === 'range') return 'never';
  if (deciding.values.length > 1)
    return { dimension: flatNames.parameter(kind, own.parameter), isOneOf: own.isOneOf };
  return own.isOneOf.includes(String(deciding.values[0])) ? when : 'never';
}
