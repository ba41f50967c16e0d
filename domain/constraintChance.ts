import type { Constraint, Plan } from './plan.js';
import { normalCdf } from './normal.js';
import { constraintLimit, TOLERANCE } from './ranking.js';
import type { BenchmarkScore, ConstraintChance, TrialRecord } from './trial.js';

type Scores = Readonly<Record<string, BenchmarkScore>>;

/**
 * The chance that each constraint is met, by the normal approximation. A relative one is judged by the two standard
 * errors as of independent samples; both models answer the same items, so this errs on the side of doubt until
 * `withPairs` puts the item-paired standard error in its place.
 */
export function constraintChances(
  plan: Plan,
  scores: Scores,
  baseScores: Scores,
): readonly ConstraintChance[] {
  return plan.constraints.flatMap((constraint) => {
    const of = scores[constraint.benchmark];
    const limit = constraintLimit(constraint, baseScores);
    if (of === undefined || limit === null) return [];
    return [chanceOf(constraint, of, { limit, base: baseScores[constraint.benchmark] ?? null })];
  });
}

function chanceOf(
  { benchmark, relativeToBase }: Constraint,
  of: BenchmarkScore,
  { limit, base }: { readonly limit: number; readonly base: BenchmarkScore | null },
): ConstraintChance {
  const against = relativeToBase ? base : null;
  const isBase = against?.stageId === of.stageId;
  const errors = [of, ...(against === null ? [] : [against])].map(leastError);
  const standardError = isBase ? 0 : Math.hypot(...errors);
  const slack = of.score - limit;
  const known = { benchmark, base: against?.stageId ?? null, slack, standardError, paired: isBase };
  return { ...known, chance: chanceToMeet(known) };
}

/** 0 of 64 or 64 of 64 right are no certainty: never below 1/(n + 2), about the spread of Laplace's rule there. */
function leastError({ standardError, items }: BenchmarkScore): number {
  return Math.max(standardError, 1 / (items + 2));
}

/** The same with the standard error of the item-paired differences, candidate minus base. */
export function withPairs(chance: ConstraintChance, differences: readonly number[]): ConstraintChance {
  const n = differences.length;
  if (n < 2) return chance;
  const mean = differences.reduce((sum, one) => sum + one, 0) / n;
  const variance = differences.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (n - 1);
  const standardError = Math.max(Math.sqrt(variance / n), 1 / (n + 2));
  const paired = { ...chance, standardError, paired: true };
  return { ...paired, chance: chanceToMeet(paired) };
}

/** Φ(slack / standard error); certain where there is no error. */
export function chanceToMeet({
  slack,
  standardError,
}: Pick<ConstraintChance, 'slack' | 'standardError'>): number {
  if (standardError === 0) return slack >= -TOLERANCE ? 1 : 0;
  return normalCdf(slack / standardError);
}

/**
 * For policies: the chance that a completed trial meets every constraint (benchmarks have items of their own, so the
 * chances multiply); 1 without constraints, 0 without scores. Rows of 0.1 are judged by their standard errors.
 */
export function chanceOfFeasibility(
  plan: Plan,
  row: Pick<TrialRecord, 'status' | 'scores' | 'constraints'>,
  baseScores: Scores,
): number {
  if (row.status !== 'completed') return 0;
  const chances = row.constraints ?? constraintChances(plan, row.scores, baseScores);
  if (chances.length < plan.constraints.length) return 0;
  return chances.reduce((product, { chance }) => product * chance, 1);
}
