import { fidelityOf } from './fidelity.js';
import { compareRows } from './ranking.js';
import type { Estimate } from './result.js';
import type { TrialRecord } from './trial.js';

/** A trial next to the best one: its score minus the best one's, with a two-sided 95 % interval. */
export interface Comparison {
  readonly difference: Estimate;
  /**
   * Whether items were compared pair by pair (bootstrap), or the scores as if their items were independent samples:
   * models are scored on the same items, so that interval is too wide and tells too few apart.
   */
  readonly isPaired: boolean;
}
/** Every comparable trial next to the best one. */
export interface Comparisons {
  readonly best: number;
  readonly byTrial: ReadonlyMap<number, Comparison>;
}

/** The first of the ranking, if it has a score. */
export function bestOf(rows: readonly TrialRecord[]): TrialRecord | null {
  const [best] = [...rows].sort(compareRows);
  return best === undefined || best.score === null ? null : best;
}

/**
 * Scored trials on the best one's rung, against it. `paired`: what is known item by item, by trial. The best is the
 * best of many on these very items, and each interval stands by itself: a help for the eye, not a test.
 */
export function comparisonsWithBest(
  rows: readonly TrialRecord[],
  paired: ReadonlyMap<number, Estimate>,
): Comparisons | null {
  const best = bestOf(rows);
  if (best === null) return null;
  const others = rows.filter((row) => row.trial !== best.trial && fidelityOf(row) === fidelityOf(best));
  const byTrial = others.flatMap((row): readonly (readonly [number, Comparison])[] => {
    const known = paired.get(row.trial);
    if (known !== undefined) return [[row.trial, { difference: known, isPaired: true }]];
    const difference = independent(row, best);
    return difference === null ? [] : [[row.trial, { difference, isPaired: false }]];
  });
  return { best: best.trial, byTrial: new Map(byTrial) };
}

/** The interval holds 0: by these items nobody can say which of the two is better. */
export function isIndistinguishable({ difference: { low, high } }: Comparison): boolean {
  return low <= 0 && high >= 0;
}

function independent(row: TrialRecord, best: TrialRecord): Estimate | null {
  if (row.score === null || row.standardError === null) return null;
  if (best.score === null || best.standardError === null) return null;
  const value = row.score - best.score;
  const half = 1.96 * Math.hypot(row.standardError, best.standardError);
  return { value, low: value - half, high: value + half };
}
