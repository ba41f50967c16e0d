import type { ParameterValues } from './parameterSpace.js';
import type { Plan } from './plan.js';

/** Values of the parameter `reward` that are no rule, and the part of a spec that says what scores then. */
export const REWARD_SOURCES = { model: 'rewardModel', function: 'rewardFunction' } as const;
export type RewardSource = keyof typeof REWARD_SOURCES;

type Sources = Pick<Plan, 'rewardModel' | 'rewardFunction'>;

/** The part of a spec that an action with these parameters needs; null: a rule scores, or nothing does. */
export function rewardSourceOf({ reward }: ParameterValues): RewardSource | null {
  return reward === 'model' || reward === 'function' ? reward : null;
}

/** The id of what scores the answers; null where the plan has none. */
export function rewardIdOf(plan: Sources, source: RewardSource): string | null {
  return plan[REWARD_SOURCES[source]]?.stageId ?? null;
}

/** What a stage with these parameters has beside its models and data: what scores the answers, where it is no rule. */
export function rewardInput(
  plan: Sources,
  parameters: ParameterValues,
): Readonly<Record<string, readonly string[]>> {
  const source = rewardSourceOf(parameters);
  if (source === null) return {};
  const stageId = rewardIdOf(plan, source);
  if (stageId === null) throw new Error(`reward: expected a ${REWARD_SOURCES[source]} in the plan, got none`);
  return { reward: [stageId] };
}
