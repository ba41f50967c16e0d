import { z } from 'zod';
import { ACTION_TYPES, isTrainingKind, type ParameterType } from '../../domain/actionTypes.js';
import { derivationText } from '../../domain/data/derivationText.js';
import type { ChoicePosition } from '../../domain/decision.js';
import {
  applies,
  gridOf,
  isOpen,
  roundTo3Digits,
  spaceText,
  type ParameterValues,
} from '../../domain/parameterSpace.js';
import type { ActionSpace, ParameterSpace } from '../../domain/plan.js';
import type { PoolModel } from '../../domain/pool.js';
import { modelsAllowed } from '../../domain/space.js';
import type { BuildKind } from '../../domain/stage.js';
import type { Action } from '../../domain/trial.js';
import { reasonSchema } from './agentMessages.js';
import { candidates, offeredDatasets } from './candidates.js';
import { recipeText, scoresText } from './describe.js';
import type { Detail } from './evidence.js';
import type { LlmLimits } from './exchange.js';
import type { PolicyContext } from './policy.js';

/** What an action of one type may apply to, as text, as a schema, and back from an answer to an action. */
export interface Menu {
  readonly text: {
    readonly action: string;
    readonly models: string;
    readonly modelCount: string;
    readonly datasets: string;
    readonly parameters: string;
  };
  readonly schema: z.ZodType<Readonly<Record<string, unknown>>>;
  /** An action in the menu's ids: `models m2; datasets d1; steps 40`. null: of another type, or of things not offered. */
  written(action: Action): string | null;
  read(answer: Readonly<Record<string, unknown>>): {
    readonly action: Action;
    readonly reason: string;
    readonly positions: readonly ChoicePosition[];
  };
}

/** Things offered in a shuffled order under ids that say nothing: `m1`, `m2`, … */
interface Offer {
  readonly ids: readonly string[];
  readonly values: readonly string[];
  readonly least: number;
  readonly most: number;
}

interface Offers {
  readonly models: Offer;
  readonly datasets: Offer;
  readonly parameters: readonly { readonly type: ParameterType; readonly space: ParameterSpace }[];
}

export function menuOf(
  context: PolicyContext,
  { kind, limits, detail }: { readonly kind: BuildKind; readonly limits: LlmLimits; readonly detail: Detail },
): Menu {
  const space = context.plan.actions.find((one) => one.kind === kind);
  if (space === undefined) throw new Error(`action type: expected one of the plan's, got ${kind}`);
  const offers = offersOf(context, space, { detail, limits });
  return {
    text: textOf(context, space, { offers, detail }),
    schema: schemaOf(offers, limits),
    written: (action) => (action.kind === kind ? written(offers, action) : null),
    read: (answer) => ({
      action: {
        kind,
        models: chosen(offers.models, answer['models']),
        datasets: chosen(offers.datasets, answer['datasets']),
        parameters: parametersOf(space, answer),
      },
      reason: String(answer['reason'] ?? ''),
      positions: positionsOf(offers, answer),
    }),
  };
}

function offersOf(
  context: PolicyContext,
  space: ActionSpace,
  { detail, limits }: { readonly detail: Detail; readonly limits: LlmLimits },
): Offers {
  const { minimum, maximum } = modelsAllowed(space);
  const models = candidates(context, { least: minimum, detail }).map((model) => model.stageId);
  const random = context.random(`order of the menu for ${space.kind}`);
  const trained = isTrainingKind(space.kind) ? space.datasets : [];
  const datasets = offeredDatasets(context, trained, { most: detail.datasets, random });
  const parameters = ACTION_TYPES[space.kind].parameters.flatMap((type) => {
    const of = space.parameters[type.name];
    if (of === undefined || !isOpen(of)) return [];
    const values = of.kind === 'choices' ? of.values : limits.boundedNumbers ? null : gridOf(of);
    const shown: ParameterSpace =
      values === null ? of : { kind: 'choices', values: random.shuffle(values).slice(0, detail.choices) };
    return [{ type, space: shown }];
  });
  return {
    models: offer('m', random.shuffle(models), { least: minimum, most: maximum }),
    datasets: offer('d', random.shuffle(datasets), { least: 1, most: space.maxDatasets }),
    parameters,
  };
}

function offer(
  letter: string,
  values: readonly string[],
  { least, most }: { readonly least: number; readonly most: number },
): Offer {
  const ids = values.map((_, index) => `${letter}${String(index + 1)}`);
  return { ids, values, least, most: Math.min(most, values.length) };
}

function textOf(
  context: PolicyContext,
  { kind, datasets: all }: ActionSpace,
  { offers: { models, datasets, parameters }, detail }: { readonly offers: Offers; readonly detail: Detail },
): Menu['text'] {
  const modelLines = models.values.flatMap((stageId, index) => {
    const model = context.pool.get(stageId);
    if (model === undefined) return [];
    return [`- ${models.ids[index] ?? ''}: ${modelText(context, model, detail)}`];
  });
  const datasetLines = datasets.values.map((name, index) => {
    const { rows = 0, derivation } = context.plan.datasets.find((one) => one.name === name) ?? {};
    const made = derivation === undefined ? '' : `, ${derivationText(derivation)}`;
    return `- ${datasets.ids[index] ?? ''}: ${name}, ${String(rows)} rows${made}`;
  });
  const parameterLines = parameters.map(({ type, space }) => {
    const when =
      type.when === undefined ? '' : `; only for ${type.when.parameter} ${type.when.isOneOf.join(' or ')}`;
    return `- ${type.name}: ${spaceText(space)} (${type.meaning}${when})`;
  });
  const { least, most } = models;
  const { roles } = ACTION_TYPES[kind].models;
  const inOrder = roles === undefined ? '' : `, in this order: ${roles.join(', ')}`;
  const hidden = datasetLines.length === 0 ? 0 : all.length - datasetLines.length;
  return {
    action: `${kind} (${ACTION_TYPES[kind].title})`,
    models: [...modelLines, ...notShown(context.pool.size - modelLines.length, 'models')].join('\n'),
    modelCount: `${least === most ? String(least) : `${String(least)} to ${String(most)} different ones`}${inOrder}`,
    datasets: [...datasetLines, ...notShown(hidden, 'datasets')].join('\n'),
    parameters: parameterLines.join('\n'),
  };
}

/** How it was made and how it scored; with the trial's name, which the table uses. */
function modelText(context: PolicyContext, model: PoolModel, { benchmarks, recipeSteps }: Detail): string {
  const trial = model.row?.action ? `${model.name} = ` : '';
  return `${trial}${recipeText(context, model, recipeSteps)}; ${scoresText(context, model.row, benchmarks)}`;
}

function notShown(count: number, what: string): readonly string[] {
  return count > 0 ? [`- (${String(count)} more ${what} are not offered this time)`] : [];
}

function schemaOf({ models, datasets, parameters }: Offers, limits: LlmLimits): Menu['schema'] {
  const several = ({ ids, least, most }: Offer) => z.array(z.enum(ids)).min(least).max(most);
  return z.strictObject({
    reason: reasonSchema(limits),
    models: several(models),
    ...(datasets.ids.length === 0 ? {} : { datasets: several(datasets) }),
    ...Object.fromEntries(parameters.map(({ type, space }) => [type.name, valueSchema(space)])),
  });
}

function valueSchema(space: ParameterSpace): z.ZodType {
  if (space.kind === 'choices') return z.literal([...space.values]);
  const { low, high, integer } = space;
  return (integer ? z.int() : z.number()).min(low).max(high);
}

function chosen({ ids, values }: Offer, answer: unknown): readonly string[] {
  const picked = Array.isArray(answer) ? answer : [];
  return picked.flatMap((id) => values[ids.indexOf(String(id))] ?? []);
}

function written({ models, datasets, parameters }: Offers, action: Action): string | null {
  const idsOf = ({ ids, values }: Offer, of: readonly string[]): readonly (string | undefined)[] =>
    of.map((value) => ids[values.indexOf(value)]);
  const [modelIds, datasetIds] = [idsOf(models, action.models), idsOf(datasets, action.datasets)];
  if ([...modelIds, ...datasetIds].includes(undefined)) return null;
  const settings = parameters.flatMap(({ type: { name } }) => {
    const value = action.parameters[name];
    return value === undefined ? [] : [`${name} ${String(value)}`];
  });
  const data = datasetIds.length === 0 ? [] : [`datasets ${datasetIds.join(', ')}`];
  return [`models ${modelIds.join(', ')}`, ...data, ...settings].join('; ');
}

/** The answer's values where there was a choice and the parameter applies; the only value elsewhere. */
function parametersOf(space: ActionSpace, answer: Readonly<Record<string, unknown>>): ParameterValues {
  return ACTION_TYPES[space.kind].parameters.reduce<ParameterValues>((values, type) => {
    const of = space.parameters[type.name];
    if (of === undefined || !applies(type, values)) return values;
    const only = of.kind === 'choices' ? of.values[0] : of.low;
    const given = isOpen(of) ? answer[type.name] : only;
    const value =
      typeof given === 'number' && of.kind === 'range' && !of.integer ? roundTo3Digits(given) : given;
    return typeof value === 'number' || typeof value === 'string'
      ? { ...values, [type.name]: value }
      : values;
  }, {});
}

function positionsOf(offers: Offers, answer: Readonly<Record<string, unknown>>): readonly ChoicePosition[] {
  const of = (name: string, { ids }: Offer): readonly ChoicePosition[] => {
    const picked = Array.isArray(answer[name]) ? answer[name] : [];
    return picked.map((id) => ({ of: name, position: ids.indexOf(String(id)), options: ids.length }));
  };
  const parameters = offers.parameters.flatMap(({ type, space }) => {
    if (space.kind !== 'choices') return [];
    const position = space.values.findIndex((value) => value === answer[type.name]);
    return [{ of: type.name, position, options: space.values.length }];
  });
  return [...of('models', offers.models), ...of('datasets', offers.datasets), ...parameters];
}
