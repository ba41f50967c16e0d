import type { Plan } from './plan.js';

/** How many trials of a search are drawn at random before there is enough to learn from: a tenth, from 4 to 10. */
export function foundingTrials({ budget }: Pick<Plan, 'budget'>): number {
  return Math.min(10, Math.max(4, Math.ceil(budget.trials / 10)));
}

/** Trials with an action of their own, in flight or ended: what a policy has begun so far. */
export function isFounding(
  plan: Pick<Plan, 'budget'>,
  trials: readonly { readonly action: unknown }[],
): boolean {
  let left = foundingTrials(plan);
  for (const { action } of trials) {
    if (action !== null) left -= 1;
    if (left === 0) return false;
  }
  return true;
}
