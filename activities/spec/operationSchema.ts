import { z } from 'zod';
import { parseColumnText } from '../../domain/data/columnTexts.js';
import { OPERATIONS, type OperationName, type OperationParameter } from '../../domain/data/operations.js';
import type { Json } from '../../domain/json.js';
import { faultOfPattern } from '../data/patterns.js';
import { label } from './written.js';

/** The parameters of an operation as a spec has them. */
export type WrittenOperation = Readonly<Record<string, Json>>;

/** An operation of the table, its parameters by their types. */
export function operationSchema(name: OperationName): z.ZodType<WrittenOperation> {
  const { parameters, meaning, oneOf, needsOne } = OPERATIONS[name];
  const shape = parameters.map(
    (one) => [one.name, parameterSchema(one).describe(descriptionOf(one))] as const,
  );
  const object = z.strictObject(Object.fromEntries(shape));
  const rules = [...whole(oneOf), ...idle(parameters), ...(needsOne === true ? something(parameters) : [])];
  const checked = rules.reduce<z.ZodType>(
    (schema, [holds, rule]) => schema.refine((written) => holds(written as Written), rule),
    object,
  );
  return checked.describe(`${meaning}.`) as unknown as z.ZodType<WrittenOperation>;
}

/** A default that another parameter decides on is no default of the spec's: `applicable` fills it in. */
function parameterSchema(parameter: OperationParameter): z.ZodType {
  const schema = ofType(parameter);
  if (parameter.required === true) return schema;
  const { default: usual, when } = parameter;
  return usual === undefined || when !== undefined ? schema.optional() : schema.default(usual as never);
}

function ofType(parameter: OperationParameter): z.ZodType {
  switch (parameter.type) {
    case 'dataset':
      return label;
    case 'weights':
      return weights;
    case 'integer':
    case 'number':
      return numberSchema(parameter);
    case 'choice':
      return z.enum([...(parameter.choices ?? [])]);
    case 'flag':
      return z.boolean();
    case 'bounds':
      return boundsSchema(parameter);
    case 'patterns':
      return patterns;
    case 'text':
      return columnText;
    case 'turns':
      return turns;
    default:
      return parameter.type satisfies never;
  }
}

const WEIGHT_RULE = 'a weight above 0, by the name of a dataset';
const weights = z
  .record(label, z.number(WEIGHT_RULE).positive(WEIGHT_RULE).max(1e9, WEIGHT_RULE), WEIGHT_RULE)
  .refine((given) => Object.keys(given).length > 0, WEIGHT_RULE);

function numberSchema(parameter: OperationParameter): z.ZodType {
  const { type, whole: isWhole, minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = parameter;
  const rule = ruleOf(parameter);
  const number = type === 'integer' || isWhole === true ? z.int(rule) : z.number(rule);
  return number.min(minimum, rule).max(maximum, rule);
}

function boundsSchema(parameter: OperationParameter): z.ZodType {
  const bound = numberSchema(parameter).optional();
  return z
    .strictObject({ atLeast: bound, atMost: bound })
    .refine(
      ({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined,
      'atLeast, atMost, or both',
    )
    .refine(
      ({ atLeast = 0, atMost = Infinity }) => Number(atLeast) <= Number(atMost),
      'atLeast up to atMost',
    );
}

const pattern = z.string().refine((text) => faultOfPattern(text) === null, {
  error: ({ input }) => `a regular expression (RE2): ${faultOfPattern(String(input)) ?? ''}`,
});
const patterns = z.union(
  [pattern.transform((one) => [one]), z.array(pattern).min(1, 'at least one expression')],
  'a regular expression, or a list of them',
);

const COLUMNS_RULE =
  'a text whose braces name a column, such as "Question: {question}" ({{ and }} are braces)';
const columnText = z
  .string(COLUMNS_RULE)
  .min(1, COLUMNS_RULE)
  .refine((text) => parseColumnText(text) !== null, COLUMNS_RULE);
const turns = z.union(
  [
    columnText,
    z
      .array(z.strictObject({ role: z.enum(['system', 'user', 'assistant', 'tool']), content: columnText }))
      .min(1, 'at least one message'),
  ],
  'a text, or a list of {role, content}',
);

type Written = Readonly<Record<string, unknown>>;
type Rule = readonly [holds: (written: Written) => boolean, rule: string];

/** Exactly one of the groups, whole. */
function whole(groups: readonly (readonly string[])[] = []): readonly Rule[] {
  const all = new Set(groups.flat());
  const isJust = (written: Written, group: readonly string[]): boolean =>
    [...all].every((key) => (written[key] !== undefined) === group.includes(key));
  const rule = `either ${groups.map((group) => group.join(' and ')).join(', or ')}`;
  return groups.length === 0 ? [] : [[(written) => groups.some((group) => isJust(written, group)), rule]];
}

function idle(parameters: readonly OperationParameter[]): readonly Rule[] {
  return parameters.flatMap(({ name, when }): readonly Rule[] => {
    if (when === undefined) return [];
    const { parameter, is } = when;
    return [
      [
        (written) => written[name] === undefined || written[parameter] === is,
        `${name} only with ${parameter}: ${is}`,
      ],
    ];
  });
}

function something(parameters: readonly OperationParameter[]): readonly Rule[] {
  const names = parameters.filter(({ required }) => required !== true).map(({ name }) => name);
  const rule = `at least one of ${names.join(', ')}`;
  return [[(written) => names.some((name) => written[name] !== undefined), rule]];
}

function ruleOf({
  type,
  whole: isWhole,
  minimum = 0,
  maximum = Number.MAX_SAFE_INTEGER,
}: OperationParameter): string {
  const what = type === 'integer' || isWhole === true ? 'a whole number' : 'a number';
  return `${what} from ${String(minimum)} to ${String(maximum)}`;
}

function descriptionOf({ meaning, default: usual, when }: OperationParameter): string {
  const only = when === undefined ? '' : ` Only with ${when.parameter}: ${when.is}.`;
  return `${meaning}.${usual === undefined ? '' : ` Default: ${String(usual)}.`}${only}`;
}
