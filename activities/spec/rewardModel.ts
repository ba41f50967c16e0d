import { z } from 'zod';
import { ACTION_TYPES } from '../../domain/actionTypes.js';
import { REWARD_MODEL } from '../../domain/actionTypes/rewardModel.js';
import { BY_MODEL, rewardModelStage } from '../../domain/rewardModel.js';
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

type Written = Pick<Spec, 'actions' | 'rewardModel'>;

/** Action types of which some choice is scored by the reward model. */
function scoredByModel(spec: Pick<Spec, 'actions'>): readonly string[] {
  return actionsOf(spec)
    .filter(({ kind }) => ACTION_TYPES[kind].parameters.some(({ name }) => name === 'reward'))
    .filter(({ parameters }) => [parameters['reward'] ?? []].flat().includes(BY_MODEL))
    .map(({ kind }) => kind);
}

/** Names that lead nowhere, and a reward model that is asked for and not there. `value`: the spec as written. */
export function rewardModelFaults(value: unknown, spec: Written): readonly Fault[] {
  const written = valueAt(value, 'rewardModel');
  const namesOf = (section: string): readonly string[] => Object.keys(Object(valueAt(value, section)));
  const dangling = (path: string, name: unknown, what: 'model' | 'dataset'): readonly Fault[] => {
    const known = namesOf(`${what}s`);
    if (typeof name !== 'string' || known.includes(name)) return [];
    return [{ path, rule: `the name of a ${what}`, value: shown(name), hint: didYouMean(name, known) }];
  };
  if (written === undefined)
    return scoredByModel(spec).map((kind) => ({
      path: `actions.${kind}.parameters.reward`,
      rule: 'a rewardModel in the spec',
      value: 'none',
      hint: 'Add rewardModel: {datasets}, or leave `model` out.',
    }));
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

export function rewardModelNotes(spec: Written): readonly string[] {
  if (spec.rewardModel === undefined || scoredByModel(spec).length > 0) return [];
  return ['rewardModel: without effect, since no action has reward: model'];
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
