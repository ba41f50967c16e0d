import type { ParameterType } from './actionTypes.js';
import type { ParameterSpace } from './plan.js';
import type { Random } from './random.js';

export type ParameterValues = Readonly<Record<string, number | string>>;
export type ParameterSpaces = Readonly<Record<string, ParameterSpace>>;

/** Whether the parameter exists beside the values chosen so far (its `when` parameter stands before it in the table). */
export function applies(type: ParameterType, values: ParameterValues): boolean {
  return type.when === undefined || type.when.isOneOf.includes(String(values[type.when.parameter]));
}

/** The values of the parameters that apply, in the table's order, as stages have them: what is not named has its default. */
export function withDefaults(types: readonly ParameterType[], named: ParameterValues): ParameterValues {
  return types.reduce<ParameterValues>((values, type) => {
    if (!applies(type, values)) return values;
    const value = named[type.name] ?? type.default;
    return type.unsaidAtDefault === true && value === type.default
      ? values
      : { ...values, [type.name]: value };
  }, {});
}

/** A uniform value of the space; on a log scale uniform in the logarithm; 3 significant digits. */
export function sampleValue(space: ParameterSpace, random: Random): number | string {
  if (space.kind === 'choices') return random.pick(space.values) ?? '';
  const { low, high, scale, integer } = space;
  if (integer && scale === 'linear') return low + random.integer(high - low + 1);
  return valueAt(space, random.real());
}

export type Range = Extract<ParameterSpace, { kind: 'range' }>;

/** Whether there is anything to choose. */
export function isOpen(space: ParameterSpace): boolean {
  return space.kind === 'range' ? space.low < space.high : space.values.length > 1;
}

/** The value at a place of the range, 0 … 1 on its scale. */
export function valueAt({ low, high, scale, integer }: Range, at: number): number {
  const exact = scale === 'log' ? low * (high / low) ** at : low + (high - low) * at;
  const value = integer ? Math.round(exact) : roundTo3Digits(exact);
  return Math.min(high, Math.max(low, value));
}

/** Where a value lies in its range, 0 … 1 on its scale: the inverse of `valueAt`. */
export function placeOf({ low, high, scale }: Range, value: number): number {
  if (low === high) return 0;
  return scale === 'log' ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

/** Five values of a range, evenly spaced on its scale, both ends among them. */
export function gridOf(range: Range): readonly number[] {
  return [...new Set([0, 0.25, 0.5, 0.75, 1].map((at) => valueAt(range, at)))];
}

/** The table's default where the search allows it; else the middle of a range or of listed numbers, or the first text. */
export function usualValue({ default: usual, type }: ParameterType, space: ParameterSpace): number | string {
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

/** One value for every parameter that applies. */
export function sampleParameters(
  types: readonly ParameterType[],
  spaces: ParameterSpaces,
  random: Random,
): ParameterValues {
  return types.reduce<ParameterValues>((values, type) => {
    const space = spaces[type.name];
    if (space === undefined || !applies(type, values)) return values;
    return { ...values, [type.name]: sampleValue(space, random) };
  }, {});
}

/** What is wrong with the values, or null. */
export function faultOfParameters(
  types: readonly ParameterType[],
  spaces: ParameterSpaces,
  values: ParameterValues,
): string | null {
  const wanted = types.filter((type) => spaces[type.name] !== undefined && applies(type, values));
  const extra = Object.keys(values).find((name) => !wanted.some((type) => type.name === name));
  if (extra !== undefined) return `${extra}: expected no such parameter here, got ${String(values[extra])}`;
  for (const { name } of wanted) {
    const space = spaces[name];
    if (space !== undefined && !isIn(space, values[name]))
      return `${name}: expected ${spaceText(space)}, got ${String(values[name])}`;
  }
  return null;
}

/** How many combinations there are; Infinity where a range is not of integers. */
export function countParameters(types: readonly ParameterType[], spaces: ParameterSpaces): number {
  return countFrom(types, spaces, {});
}

/** Every combination, in the table's order; only where the count is finite. */
export function* enumerateParameters(
  types: readonly ParameterType[],
  spaces: ParameterSpaces,
  chosen: ParameterValues = {},
): Generator<ParameterValues> {
  const [type, ...rest] = types;
  if (type === undefined) return yield chosen;
  const space = spaces[type.name];
  if (space === undefined || !applies(type, chosen)) return yield* enumerateParameters(rest, spaces, chosen);
  for (const value of valuesOf(space))
    yield* enumerateParameters(rest, spaces, { ...chosen, [type.name]: value });
}

/** For people: `1e-5 … 1e-3` or `linear, ties`. */
export function spaceText(space: ParameterSpace): string {
  if (space.kind === 'choices') return `one of ${space.values.join(', ')}`;
  return `${space.integer ? 'an integer' : 'a number'} from ${String(space.low)} to ${String(space.high)}`;
}

/** At 3 significant digits two draws of a range are the same stage when they mean the same. */
export function roundTo3Digits(value: number): number {
  return Number(value.toPrecision(3));
}

function isIn(space: ParameterSpace, value: number | string | undefined): boolean {
  if (value === undefined) return false;
  if (space.kind === 'choices') return space.values.includes(value);
  if (typeof value !== 'number' || !(value >= space.low && value <= space.high)) return false;
  return !space.integer || Number.isInteger(value);
}

function countFrom(
  types: readonly ParameterType[],
  spaces: ParameterSpaces,
  chosen: ParameterValues,
): number {
  const [type, ...rest] = types;
  if (type === undefined) return 1;
  const space = spaces[type.name];
  if (space === undefined || !applies(type, chosen)) return countFrom(rest, spaces, chosen);
  const decides = rest.some((other) => other.when?.parameter === type.name);
  if (!decides) return sizeOf(space) * countFrom(rest, spaces, chosen);
  const values = [...valuesOf(space)];
  return values.reduce<number>(
    (total, value) => total + countFrom(rest, spaces, { ...chosen, [type.name]: value }),
    0,
  );
}

function sizeOf(space: ParameterSpace): number {
  if (space.kind === 'choices') return space.values.length;
  return space.integer ? space.high - space.low + 1 : Number.POSITIVE_INFINITY;
}

function* valuesOf(space: ParameterSpace): Generator<number | string> {
  if (space.kind === 'choices') yield* space.values;
  else if (space.integer) for (let value = space.low; value <= space.high; value += 1) yield value;
}
