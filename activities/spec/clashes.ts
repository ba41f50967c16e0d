import { ACTION_TYPES } from '../../domain/actionTypes.js';
import { countParameters, enumerateParameters } from '../../domain/parameterSpace.js';
import { actionsOf } from './actions.js';
import type { Fault } from './faults.js';
import { spaceOf } from './resolve.js';
import type { Spec } from './schema.js';

/** Combinations that are looked through; of more, one that works is taken to be among them. */
const MOST_COMBINATIONS = 10_000;

/** Parameters of which no combination works, so that the action type could never be chosen. */
export function clashes(spec: Spec): readonly Fault[] {
  return actionsOf(spec).flatMap(({ kind, parameters }): readonly Fault[] => {
    const { fault, parameters: types } = ACTION_TYPES[kind];
    const spaces = Object.fromEntries(types.map((type) => [type.name, spaceOf(type, parameters[type.name])]));
    if (fault === undefined || countParameters(types, spaces) > MOST_COMBINATIONS) return [];
    const found = [...enumerateParameters(types, spaces)].map(fault);
    const [first] = found;
    if (first === undefined || first === null || found.includes(null)) return [];
    const { parameter, rule, value } = first;
    return [{ path: `actions.${kind}.parameters.${parameter}`, rule, value, hint: '' }];
  });
}
