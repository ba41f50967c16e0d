import { constraintStatuses } from '../../domain/constraintStatus.js';
import type { Plan } from '../../domain/plan.js';
import type { Estimate } from '../../domain/result.js';
import { normalInterval } from '../../domain/statistics.js';
import type { TrialRecord } from '../../domain/trial.js';

/** One benchmark's score on the search split, next to the base's, with 95 % intervals. */
export interface ScoreView {
  readonly benchmark: string;
  readonly weight: number;
  readonly score: number;
  readonly interval: readonly [number, number];
  readonly items: number;
  /** Items without a score, left out of it. */
  readonly missing: number;
  readonly base: number | null;
  /** Trial minus base; by the normal approximation, items not paired, so wider than a paired one. */
  readonly difference: Estimate | null;
  readonly constraint: {
    readonly limit: number | null;
    readonly margin: number | null;
    readonly met: boolean;
  } | null;
}

interface Measured {
  readonly score: number;
  readonly standardError: number;
}

export function scoreViews(plan: Plan, row: TrialRecord, base: TrialRecord | null): readonly ScoreView[] {
  const statuses = constraintStatuses(plan, row.scores, base?.scores ?? {});
  return plan.benchmarks.flatMap(({ name, weight }) => {
    const of = row.scores[name];
    if (of === undefined) return [];
    const baseScore = base?.scores[name];
    const status = statuses.find(({ constraint }) => constraint.benchmark === name);
    const constraint =
      status === undefined ? null : { limit: status.limit, margin: status.margin, met: status.met };
    return [
      {
        ...{
          benchmark: name,
          weight,
          score: of.score,
          items: of.items,
          missing: of.missing ?? 0,
          constraint,
        },
        interval: normalInterval(of.score, of.standardError),
        base: baseScore?.score ?? null,
        difference: baseScore === undefined ? null : unpairedDifference(of, baseScore),
      },
    ];
  });
}

/** left minus right with a two-sided 95 % interval, as if their items were independent samples. */
export function unpairedDifference(left: Measured, right: Measured): Estimate {
  const value = left.score - right.score;
  const half = 1.96 * Math.hypot(left.standardError, right.standardError);
  return { value, low: value - half, high: value + half };
}
