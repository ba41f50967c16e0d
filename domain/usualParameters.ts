import { ACTION_TYPES, type ParameterType } from './actionTypes.js';
import { applies, roundTo3Digits, type ParameterValues } from './parameterSpace.js';
import type { ActionSpace, ParameterSpace } from './plan.js';

/** A value for every parameter that applies: those given, the usual ones for the rest. */
export function usualParameters(space: ActionSpace, given: ParameterValues = {}): ParameterValues {
  return ACTION_TYPES[space.kind].parameters.reduce<ParameterValues>((values, type) => {
    const allowed = space.parameters[type.name];
    if (allowed === undefined || !applies(type, values)) return values;
    return { ...values, [type.name]: given[type.name] ?? usualOf(type, allowed) };
  }, {});
}

/** The table's default where the search allows it; else the middle of a range or of listed numbers, or the first text. */
function usualOf({ default: usual, type }: ParameterType, space: ParameterSpace): number | string {
  if (space.kind === 'choices') {
    if (space.values.includes(usual)) return usual;
    const values = type === 'choice' ? space.values : [...space.values].sort((a, b) => Number(a) - Number(b));
    return values[type === 'choice' ? 0 : Math.floor((values.length - 1) / 2)] ?? usual;
  }
  const { low, high, scale, integer } = space;
  if (typeof usual === 'number' && usual >= low && usual <= high) return usual;
  const middle = scale === 'log' ? Math.sqrt(low * high) : (low + high) / 2;
  return Math.min(high, Math.max(low, integer ? Math.round(middle) : roundTo3Digits(middle)));
}
