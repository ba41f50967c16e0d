import { placeOf, roundTo3Digits } from './parameterSpace.js';
import type { ParameterSpace } from './plan.js';
import type { Condition, Dimension } from './suggestion.js';

/** One parameter of an action as one dimension of a flat space, and its values there and back. */

/** Three or more numbers have an order worth learning: they are counted, from the smallest up. Other choices are texts. */
function orderOf(space: ParameterSpace): readonly number[] | null {
  if (space.kind === 'range' || space.values.length < 3) return null;
  const numbers = space.values.filter((value) => typeof value === 'number');
  return numbers.length < space.values.length ? null : [...numbers].sort((a, b) => a - b);
}

export function dimensionOf(name: string, space: ParameterSpace, when: Condition | null): Dimension {
  if (space.kind === 'range') {
    const { low, high, scale, integer } = space;
    return { kind: 'number', name, low, high, scale, integer, when };
  }
  const order = orderOf(space);
  if (order === null) return { kind: 'categorical', name, choices: space.values.map(String), when };
  return { kind: 'number', name, low: 0, high: order.length - 1, scale: 'linear', integer: true, when };
}

/** A legal value of the parameter as a value of its dimension. */
export function flatOf(space: ParameterSpace, value: number | string): number | string {
  if (space.kind === 'range') return value;
  const order = orderOf(space);
  return order === null ? String(value) : order.findIndex((one) => one === value);
}

/** The parameter's value that is nearest to one of its dimension; what is no such value becomes the first. */
export function valueOf(space: ParameterSpace, flat: number | string | undefined): number | string {
  const number = Number(flat);
  if (space.kind === 'range') return withinRange(space, number);
  const order = orderOf(space);
  if (order === null) return space.values.find((value) => String(value) === flat) ?? firstOf(space.values);
  return order[Math.round(number)] ?? firstOf(order);
}

function withinRange(
  { low, high, integer }: Extract<ParameterSpace, { kind: 'range' }>,
  value: number,
): number {
  if (!Number.isFinite(value)) return low;
  return Math.min(high, Math.max(low, integer ? Math.round(value) : roundTo3Digits(value)));
}

function firstOf<T>(list: readonly T[]): T {
  const [first] = list;
  if (first === undefined) throw new Error('parameter: expected at least one choice, got none');
  return first;
}

/** Where the value lies between the lowest, 0, and the highest, 1; null: the values have no order. */
export function placeInOrder(space: ParameterSpace, value: number | string): number | null {
  if (space.kind === 'range') return placeOf(space, Number(value));
  const order = orderOf(space);
  return order === null ? null : order.findIndex((one) => one === value) / (order.length - 1);
}
