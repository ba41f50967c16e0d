import { ACTION_TYPES } from './actionTypes.js';
import { applies, usualValue, type ParameterValues } from './parameterSpace.js';
import type { ActionSpace } from './plan.js';

/** A value for every parameter that applies: those given, the usual ones for the rest. */
export function usualParameters(space: ActionSpace, given: ParameterValues = {}): ParameterValues {
  return ACTION_TYPES[space.kind].parameters.reduce<ParameterValues>((values, type) => {
    const allowed = space.parameters[type.name];
    if (allowed === undefined || !applies(type, values)) return values;
    return { ...values, [type.name]: given[type.name] ?? usualValue(type, allowed) };
  }, {});
}
