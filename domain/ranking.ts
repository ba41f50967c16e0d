import type { Plan } from './plan.js';
import type { BenchmarkScore, TrialRecord } from './trial.js';

type Scores = Readonly<Record<string, BenchmarkScore>>;

/** A model's weighted mean over the benchmarks, its standard error, and whether all constraints hold by point estimate. */
export function judge(
  plan: Plan,
  scores: Scores,
  baseScores: Scores,
): { readonly score: number; readonly standardError: number; readonly feasible: boolean } {
  const total = plan.benchmarks.reduce((sum, { weight }) => sum + weight, 0);
  const parts = plan.benchmarks.map(({ name, weight }) => ({ share: weight / total, of: scores[name] }));
  const score = parts.reduce((sum, { share, of }) => sum + share * (of?.score ?? 0), 0);
  const variance = parts.reduce((sum, { share, of }) => sum + (share * (of?.standardError ?? 0)) ** 2, 0);
  return {
    score,
    standardError: Math.sqrt(variance),
    feasible: violations(plan, scores, baseScores).length === 0,
  };
}

/** The constraints that do not hold, in words. */
export function violations(plan: Plan, scores: Scores, baseScores: Scores): readonly string[] {
  return plan.constraints.flatMap(({ benchmark, relativeToBase, bound }) => {
    const floor = relativeToBase ? (baseScores[benchmark]?.score ?? 0) + bound : bound;
    const got = scores[benchmark]?.score ?? 0;
    // Scores are sums of item scores over a count: what differs by less than that is rounding.
    return got >= floor - 1e-9
      ? []
      : [`${benchmark}: expected at least ${floor.toFixed(4)}, got ${got.toFixed(4)}`];
  });
}

/** Feasible rows first, each group by score, ties by trial number; rows without a score last. */
export function rank(rows: readonly TrialRecord[]): readonly TrialRecord[] {
  const key = (row: TrialRecord): number => (row.score === null ? 2 : row.feasible ? 0 : 1);
  return [...rows].sort((a, b) => key(a) - key(b) || (b.score ?? 0) - (a.score ?? 0) || a.trial - b.trial);
}
