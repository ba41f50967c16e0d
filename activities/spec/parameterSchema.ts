import { z } from 'zod';
import { ACTION_TYPES, type ParameterType } from '../../domain/actionTypes.js';
import { anchorsOf, GRADIENT } from '../../domain/gradient.js';
import type { BuildKind } from '../../domain/stage.js';

/** A hyper-parameter as written in a spec: a fixed value, a list of choices, or a range. */
export type WrittenSpace =
  | number
  | string
  | readonly (number | string)[]
  | { readonly low: number; readonly high: number; readonly scale: 'linear' | 'log' };

/** The parameters of an action type, each optional; everything comes from the table of action types. */
export function parametersSchema(kind: BuildKind): z.ZodType<Readonly<Record<string, WrittenSpace>>> {
  const shape = ACTION_TYPES[kind].parameters.map(
    (type) => [type.name, spaceSchema(type).optional().describe(descriptionOf(type))] as const,
  );
  return z.strictObject(Object.fromEntries(shape)) as unknown as z.ZodType<
    Readonly<Record<string, WrittenSpace>>
  >;
}

/** Parameters of something that is no choice of the search: one value each. */
export function valuesSchema(
  types: readonly ParameterType[],
): z.ZodType<Readonly<Record<string, number | string>>> {
  const shape = types.map(
    (type) => [type.name, valueSchema(type).optional().describe(descriptionOf(type))] as const,
  );
  return z.strictObject(Object.fromEntries(shape)) as unknown as z.ZodType<
    Readonly<Record<string, number | string>>
  >;
}

function spaceSchema(type: ParameterType): z.ZodType {
  const value = valueSchema(type);
  const choices = z
    .array(value)
    .min(1, 'at least one choice')
    .refine((values) => new Set(values).size === values.length, 'choices that differ');
  if (type.type === 'choice') return z.union([value, choices], ruleOf(type));
  const rule = `${ruleOf(type)}, a list of them, or {low, high, scale}`;
  return z.union([value, choices, rangeSchema(numberSchema(type))], rule);
}

function rangeSchema(bound: z.ZodType): z.ZodType {
  return z
    .strictObject({ low: bound, high: bound, scale: z.enum(['linear', 'log']).default('linear') })
    .refine(({ low, high }) => Number(low) < Number(high), 'low below high')
    .refine(({ low, scale }) => scale === 'linear' || Number(low) > 0, 'low above 0 on a log scale');
}

function valueSchema(type: ParameterType): z.ZodType {
  const rule = ruleOf(type);
  if (type.type === 'choice') return z.enum([...(type.choices ?? [])], rule);
  return type.byLayer === true
    ? z.union([numberSchema(type), gradientSchema(type)], rule)
    : numberSchema(type);
}

/** Every anchor must be what a number may be. */
function gradientSchema(type: ParameterType): z.ZodType {
  const { minimum = -Number.MAX_VALUE, maximum = Number.MAX_VALUE } = type;
  const inRange = (text: string): boolean =>
    anchorsOf(text)?.every((anchor) => anchor >= minimum && anchor <= maximum) === true;
  return z.string().regex(GRADIENT).refine(inRange, ruleOf(type));
}

function numberSchema(type: ParameterType): z.ZodType {
  const rule = ruleOf(type);
  const { minimum = -Number.MAX_VALUE, maximum = Number.MAX_VALUE } = type;
  const number = type.type === 'integer' ? z.int(rule) : z.number(rule);
  return number.min(minimum, rule).max(maximum, rule);
}

function ruleOf({ type, minimum, maximum, choices, byLayer }: ParameterType): string {
  if (type === 'choice') return `one of ${(choices ?? []).join(', ')}`;
  const what = type === 'integer' ? 'a whole number' : 'a number';
  const anchors = byLayer === true ? ', or anchors by layer such as "0.2, 0.8"' : '';
  return `${what} from ${String(minimum)} to ${String(maximum)}${anchors}`;
}

function descriptionOf({ meaning, default: usual, when }: ParameterType): string {
  const only = when === undefined ? '' : ` Only with ${when.parameter} ${when.isOneOf.join(' or ')}.`;
  return `${meaning}. Default: ${String(usual)}.${only}`;
}
