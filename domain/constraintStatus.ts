import type { Constraint, Plan } from './plan.js';
import { constraintLimit, unmetConstraints } from './ranking.js';
import type { BenchmarkScore } from './trial.js';

type Scores = Readonly<Record<string, BenchmarkScore>>;

/** How a model's point estimate stands to one constraint. */
export interface ConstraintStatus {
  readonly constraint: Constraint;
  /** The lowest score that meets it; null while the base it is relative to has no score. */
  readonly limit: number | null;
  /** Score minus limit; null where one of them is missing. */
  readonly margin: number | null;
  readonly met: boolean;
}

/** Every constraint of the plan, the one that is nearest to breaking, or farthest broken, first. */
export function constraintStatuses(
  plan: Plan,
  scores: Scores,
  baseScores: Scores,
): readonly ConstraintStatus[] {
  const unmet = unmetConstraints(plan, scores, baseScores);
  const statuses = plan.constraints.map((constraint) => {
    const limit = constraintLimit(constraint, baseScores);
    const score = scores[constraint.benchmark]?.score;
    const margin = limit === null || score === undefined ? null : score - limit;
    return { constraint, limit, margin, met: !unmet.includes(constraint) };
  });
  return statuses.sort((a, b) => (a.margin ?? -1) - (b.margin ?? -1));
}
