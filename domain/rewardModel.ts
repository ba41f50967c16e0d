import { REWARD_MODEL } from './actionTypes/rewardModel.js';
import { withDefaults, type ParameterValues } from './parameterSpace.js';
import type { Plan } from './plan.js';
import { identify, RECIPE_VERSIONS, type IdentifiedStage } from './stage.js';

/** The value of the parameter `reward` that asks for it. */
export const BY_MODEL = 'model';

/** The stage of a reward model. `datasets`: stage ids. */
export function rewardModelStage(
  { seed }: Pick<Plan, 'seed'>,
  of: { readonly model: string; readonly datasets: readonly string[]; readonly parameters: ParameterValues },
): IdentifiedStage {
  return identify({
    kind: REWARD_MODEL.kind,
    recipeVersion: RECIPE_VERSIONS[REWARD_MODEL.kind],
    inputs: { model: [of.model], data: [...of.datasets].sort() },
    parameters: withDefaults(REWARD_MODEL.parameters, of.parameters),
    seed,
  });
}

/** What a stage with these parameters has beside its models and data: the reward model, where it scores the answers. */
export function rewardInput(
  { rewardModel }: Pick<Plan, 'rewardModel'>,
  parameters: ParameterValues,
): Readonly<Record<string, readonly string[]>> {
  if (parameters['reward'] !== BY_MODEL) return {};
  if (rewardModel === undefined) throw new Error('reward: expected a reward model in the plan, got none');
  return { reward: [rewardModel.stageId] };
}
