import { REWARD_MODEL } from './actionTypes/rewardModel.js';
import { withDefaults, type ParameterValues } from './parameterSpace.js';
import type { Plan } from './plan.js';
import { identify, RECIPE_VERSIONS, type IdentifiedStage } from './stage.js';

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
