import { fidelityOf } from './fidelity.js';
import type { Constraint, Plan, PlannedBenchmark } from './plan.js';
import type { BenchmarkScore } from './trial.js';

type Scores = Readonly<Record<string, BenchmarkScore>>;

/** A benchmark's share in the objective. */
export type Weighted = Pick<PlannedBenchmark, 'name' | 'weight'>;

/** What the objective says of a model; nulls when a weighted benchmark has no score (never counted as 0). */
export interface Judgement {
  /** Weighted mean of the benchmark scores, weights normalised to sum 1. */
  readonly score: number | null;
  /** sqrt(sum of (normalised weight × standard error)²): the benchmarks' items are independent samples. */
  readonly standardError: number | null;
  /** Every constraint met by the point estimates. */
  readonly feasible: boolean;
}

/** Floating-point slack of a constraint, far below one item's weight. */
export const TOLERANCE = 1e-9;

/** Score, standard error and feasibility of a model's scores, next to the base's. */
export function judge(plan: Plan, scores: Scores, baseScores: Scores): Judgement {
  const mean = weightedMean(plan, scores);
  const feasible = mean !== null && unmetConstraints(plan, scores, baseScores).length === 0;
  return { score: mean?.score ?? null, standardError: mean?.standardError ?? null, feasible };
}

/** The weighted mean with its standard error; null when a weighted benchmark has no score or all weights are 0. */
export function weightedMean(
  plan: { readonly benchmarks: readonly Weighted[] },
  scores: Scores,
): { score: number; standardError: number } | null {
  const weighted = plan.benchmarks.filter((benchmark) => benchmark.weight > 0);
  const total = sum(weighted.map((benchmark) => benchmark.weight));
  const terms = weighted.flatMap(({ name, weight }) => {
    const of = scores[name];
    return of === undefined ? [] : [{ weight: weight / total, of }];
  });
  if (weighted.length === 0 || terms.length < weighted.length) return null;
  const score = sum(terms.map(({ weight, of }) => weight * of.score));
  const standardError = Math.sqrt(sum(terms.map(({ weight, of }) => (weight * of.standardError) ** 2)));
  return { score, standardError };
}

/** The lowest score that meets the constraint; null when it is relative to a base score that does not exist. */
export function constraintLimit(constraint: Constraint, baseScores: Scores): number | null {
  if (!constraint.relativeToBase) return constraint.bound;
  const base = baseScores[constraint.benchmark];
  return base === undefined ? null : base.score + constraint.bound;
}

/** The constraints that the point estimates do not meet. */
export function unmetConstraints(plan: Plan, scores: Scores, baseScores: Scores): readonly Constraint[] {
  return plan.constraints.filter((constraint) => {
    const limit = constraintLimit(constraint, baseScores);
    const of = scores[constraint.benchmark];
    return limit === null || of === undefined || of.score < limit - TOLERANCE;
  });
}

/** Anything that can be ranked: a ledger row, or its short form. */
export interface Rankable {
  readonly trial: number;
  readonly score: number | null;
  readonly feasible: boolean;
  /** Absent: 1. */
  readonly fidelity?: number;
}

/**
 * Feasible before infeasible, then the higher rung (scores compare within a rung), then the higher score, then the
 * earlier trial; rows without a score last.
 */
export function compareRows(a: Rankable, b: Rankable): number {
  const byFeasible = Number(b.feasible) - Number(a.feasible);
  const byScore = (b.score ?? Number.NEGATIVE_INFINITY) - (a.score ?? Number.NEGATIVE_INFINITY);
  const byScored = Number(b.score !== null) - Number(a.score !== null);
  const byRung = fidelityOf(b) - fidelityOf(a);
  return byFeasible || byScored || byRung || (Number.isNaN(byScore) ? 0 : byScore) || a.trial - b.trial;
}

/** The scored rows, best first. */
export function ranking<T extends Rankable>(rows: readonly T[]): readonly T[] {
  return rows.filter((row) => row.score !== null).sort(compareRows);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
