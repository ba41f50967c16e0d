import { z } from 'zod';
import { ACTION_TYPES } from '../../domain/actionTypes.js';
import { REWARD_MODEL } from '../../domain/actionTypes/rewardModel.js';
import { REWARD_SOURCES, type RewardSource } from '../../domain/reward.js';
import { rewardModelStage } from '../../domain/rewardModel.js';
import type { IdentifiedStage } from '../../domain/stage.js';
import { actionsOf } from './actions.js';
import type { Shape } from './dataset.js';
import { didYouMean, shown, valueAt, type Fault } from './faults.js';
import { valuesSchema } from './parameterSchema.js';
import type { Spec } from './schema.js';
import type { Sources } from './sources.js';
import { label } from './written.js';

export const RewardModelSchema = z.strictObject({
  model: label.optional().describe('The given model it is made from; the base when left out.'),
  datasets: z.array(label).min(1).describe('Datasets of pairs (chosen and rejected).'),
  parameters: valuesSchema(REWARD_MODEL.parameters).prefault({}),
});

type Written = Pick<Spec, 'actions' | 'rewardModel' | 'rewardFunction'>;
const SOURCES = ['model', 'function'] as const satisfies readonly RewardSource[];

/** Action types of which some choice is scored so. */
function scoredBy(source: RewardSource, spec: Pick<Spec, 'actions'>): readonly string[] {
  return actionsOf(spec)
    .filter(({ kind }) => ACTION_TYPES[kind].parameters.some(({ name }) => name === 'reward'))
    .filter(({ parameters }) => [parameters['reward'] ?? []].flat().includes(source))
    .map(({ kind }) => kind);
}

/** What is asked for and not there, and names that lead nowhere. `value`: the spec as written. */
export function rewardFaults(value: unknown, spec: Written): readonly Fault[] {
  const absent = SOURCES.filter((source) => valueAt(value, REWARD_SOURCES[source]) === undefined);
  const asked = absent.flatMap((source) =>
    scoredBy(source, spec).map((kind) => ({
      path: `actions.${kind}.parameters.reward`,
      rule: `a ${REWARD_SOURCES[source]} in the spec`,
      value: 'none',
      hint: `Add one, or leave ${source} out.`,
    })),
  );
  return [...asked, ...danglingNames(value)];
}

function danglingNames(value: unknown): readonly Fault[] {
  const written = valueAt(value, 'rewardModel');
  const namesOf = (section: string): readonly string[] => Object.keys(Object(valueAt(value, section)));
  const dangling = (path: string, name: unknown, what: 'model' | 'dataset'): readonly Fault[] => {
    const known = namesOf(`${what}s`);
    if (typeof name !== 'string' || known.includes(name)) return [];
    return [{ path, rule: `the name of a ${what}`, value: shown(name), hint: didYouMean(name, known) }];
  };
  const datasets = valueAt(written, 'datasets');
  return [
    ...dangling('rewardModel.model', valueAt(written, 'model'), 'model'),
    ...(Array.isArray(datasets) ? datasets : []).flatMap((name, index) =>
      dangling(`rewardModel.datasets.${String(index)}`, name, 'dataset'),
    ),
  ];
}

/** It is trained on pairs. A dataset that could not be read is no second fault. */
export function rewardDataFaults(
  { rewardModel }: Pick<Spec, 'rewardModel'>,
  shapes: Readonly<Record<string, Shape>>,
): readonly Fault[] {
  return (rewardModel?.datasets ?? []).flatMap((name, index) => {
    const got = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
    if (got === undefined || REWARD_MODEL.data.some((shape) => shape === got)) return [];
    const path = `rewardModel.datasets.${String(index)}`;
    return [{ path, rule: 'a dataset of shape preference', value: `${name} of shape ${got}`, hint: '' }];
  });
}

export function rewardNotes(spec: Written): readonly string[] {
  const idle = SOURCES.filter(
    (source) => spec[REWARD_SOURCES[source]] !== undefined && scoredBy(source, spec).length === 0,
  );
  const trusted =
    spec.rewardFunction === undefined
      ? []
      : ['rewardFunction: runs only on GPU workers that were started with LAMDAGENT_ALLOW_COMMANDS=1'];
  return [
    ...idle.map(
      (source) => `${REWARD_SOURCES[source]}: without effect, since no action has reward: ${source}`,
    ),
    ...trusted,
  ];
}

/** The stage that makes it, from what was imported; nothing where the spec names none. */
export function rewardModelOf(
  { seed, rewardModel }: Pick<Spec, 'seed' | 'rewardModel'>,
  { models, datasets }: Sources,
): { readonly rewardModel?: IdentifiedStage } {
  if (rewardModel === undefined) return {};
  const idIn = (named: readonly { readonly name: string; readonly stageId: string }[], name?: string) => {
    const found = name === undefined ? named[0] : named.find((one) => one.name === name);
    if (found === undefined) throw new Error(`rewardModel: expected ${String(name)} among the sources`);
    return found.stageId;
  };
  return {
    rewardModel: rewardModelStage(
      { seed: String(seed) },
      {
        model: idIn(models, rewardModel.model),
        datasets: rewardModel.datasets.map((name) => idIn(datasets, name)),
        parameters: rewardModel.parameters,
      },
    ),
  };
}
