import { ACTION_TYPES } from './actionTypes.js';
import type { Code } from './encoding.js';
import { placeInOrder } from './flatParameter.js';
import { applies, isOpen, usualValue, valueAt, type ParameterValues } from './parameterSpace.js';
import type { ActionSpace, ParameterSpace } from './plan.js';
import { isLegal } from './space.js';
import type { Action } from './trial.js';

/** A legal action that differs from another in one thing. */
export interface Variant {
  readonly action: Action;
  /** What differs: `models`, `datasets`, or a parameter's name. */
  readonly of: string;
  /** From 0, hardly another, to 1, another choice. */
  readonly distance: number;
}

/** How far a number is moved, as shares of its range's scale; and a model's place in the ranking. */
const MOVES = [-0.35, -0.15, -0.05, 0.05, 0.15, 0.35] as const;
const PLACES = [1, -1, 2, -2, 3, -3, 5, -5, 8, -8] as const;

/** The legal actions of one change: to one model, to the datasets, or to one parameter; in a fixed order. */
export function variantsOf(code: Code, action: Action): readonly Variant[] {
  if (!code.plan.actions.some(({ kind }) => kind === action.kind)) return [];
  const models = otherModels(code, action).filter((variant) => isLegal(code, variant.action));
  return [...models, ...settingVariantsOf(code, action)];
}

/** Those of them that keep the models. */
export function settingVariantsOf(code: Code, action: Action): readonly Variant[] {
  const space = code.plan.actions.find(({ kind }) => kind === action.kind);
  if (space === undefined) return [];
  const all = [...otherDatasets(space, action), ...otherParameters(space, action)];
  return all.filter((variant) => isLegal(code, variant.action));
}

/** One model is replaced by another one near it in the ranking. */
function otherModels({ ranks: { order } }: Code, action: Action): readonly Variant[] {
  return action.models.flatMap((stageId, index) => {
    const place = order.findIndex((model) => model.stageId === stageId);
    return PLACES.flatMap((step) => {
      const other = order[place + step]?.stageId;
      if (other === undefined || action.models.includes(other)) return [];
      const models = action.models.with(index, other);
      return [{ action: { ...action, models }, of: 'models', distance: Math.abs(step) / order.length }];
    });
  });
}

/** One dataset more, one less, or one exchanged. */
function otherDatasets({ datasets }: ActionSpace, action: Action): readonly Variant[] {
  const without = datasets.filter((name) => !action.datasets.includes(name));
  const sets = [
    ...without.map((name) => [...action.datasets, name]),
    ...action.datasets.map((name) => action.datasets.filter((one) => one !== name)),
    ...action.datasets.flatMap((name) =>
      without.map((other) => action.datasets.with(action.datasets.indexOf(name), other)),
    ),
  ];
  return sets.map((set) => {
    const ordered = datasets.filter((name) => set.includes(name));
    return { action: { ...action, datasets: ordered }, of: 'datasets', distance: 1 };
  });
}

function otherParameters(space: ActionSpace, action: Action): readonly Variant[] {
  return Object.entries(action.parameters).flatMap(([name, value]) => {
    const of = space.parameters[name];
    if (of === undefined || !isOpen(of)) return [];
    return otherValues(of, value).map((other) => ({
      action: { ...action, parameters: withValue(space, action.parameters, { [name]: other.value }) },
      of: name,
      distance: other.distance,
    }));
  });
}

function otherValues(
  space: ParameterSpace,
  value: number | string,
): readonly { readonly value: number | string; readonly distance: number }[] {
  const place = placeInOrder(space, value);
  const at = (other: number | string): number => {
    const there = placeInOrder(space, other);
    return place === null || there === null ? 1 : Math.abs(there - place);
  };
  const values =
    space.kind === 'choices' ? space.values : MOVES.map((move) => valueAt(space, (place ?? 0) + move));
  return [...new Set(values)]
    .filter((other) => other !== value)
    .map((other) => ({ value: other, distance: at(other) }));
}

/** Parameters that begin to apply get their usual value. */
function withValue(space: ActionSpace, old: ParameterValues, change: ParameterValues): ParameterValues {
  return ACTION_TYPES[space.kind].parameters.reduce<ParameterValues>((values, type) => {
    const of = space.parameters[type.name];
    if (of === undefined || !applies(type, values)) return values;
    return { ...values, [type.name]: change[type.name] ?? old[type.name] ?? usualValue(type, of) };
  }, {});
}
