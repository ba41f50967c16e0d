import type { Estimate } from './result.js';
import { mean } from './statistics.js';

/** Below this many pairs an interval says nothing: it is not given. */
export const FEWEST_PAIRS = 10;

/** How alike two orders of the same things are. */
export interface RankCorrelation {
  readonly n: number;
  /** Spearman's rho and Kendall's tau-b; null: fewer than two pairs, or all equal on one side. */
  readonly spearman: number | null;
  readonly kendall: number | null;
  /** 95 % intervals; null: too few pairs. */
  readonly intervals: { readonly spearman: Estimate; readonly kendall: Estimate } | null;
}

export type Pair = readonly [number, number];

export function rankCorrelation(pairs: readonly Pair[]): RankCorrelation {
  const spearman = spearmanOf(pairs);
  const kendall = kendallOf(pairs);
  const n = pairs.length;
  const enough = n >= FEWEST_PAIRS && spearman !== null && kendall !== null;
  return { n, spearman, kendall, intervals: enough ? intervalsOf(n, spearman, kendall) : null };
}

/** Pearson's correlation of the ranks, ties sharing the mean of theirs. */
function spearmanOf(pairs: readonly Pair[]): number | null {
  const [left, right] = [ranks(pairs.map(([a]) => a)), ranks(pairs.map(([, b]) => b))];
  const [meanLeft, meanRight] = [mean(left), mean(right)];
  let [product, squareLeft, squareRight] = [0, 0, 0];
  left.forEach((rank, index) => {
    const [a, b] = [rank - meanLeft, (right[index] ?? 0) - meanRight];
    product += a * b;
    squareLeft += a * a;
    squareRight += b * b;
  });
  return squareLeft === 0 || squareRight === 0 ? null : product / Math.sqrt(squareLeft * squareRight);
}

/** tau-b: (concordant − discordant) / sqrt of the pairs untied on each side (Kendall 1945). */
function kendallOf(pairs: readonly Pair[]): number | null {
  let [balance, untiedLeft, untiedRight] = [0, 0, 0];
  pairs.forEach(([a, b], index) => {
    for (const [c, d] of pairs.slice(index + 1)) {
      balance += Math.sign(a - c) * Math.sign(b - d);
      untiedLeft += a === c ? 0 : 1;
      untiedRight += b === d ? 0 : 1;
    }
  });
  return untiedLeft === 0 || untiedRight === 0 ? null : balance / Math.sqrt(untiedLeft * untiedRight);
}

/** 1 for the smallest. */
function ranks(values: readonly number[]): readonly number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal + 1) / 2;
  });
}

/**
 * Fisher's z with the variances (1 + rho²/2) / (n − 3) (Bonett and Wright 2000, eq. 3) and 0.437 / (n − 4) (Fieller,
 * Hartley and Pearson 1957). Assumes independent pairs; ties make them approximate.
 */
function intervalsOf(
  n: number,
  spearman: number,
  kendall: number,
): { readonly spearman: Estimate; readonly kendall: Estimate } {
  return {
    spearman: byFisher(spearman, (1 + spearman ** 2 / 2) / (n - 3)),
    kendall: byFisher(kendall, 0.437 / (n - 4)),
  };
}

function byFisher(value: number, variance: number): Estimate {
  // A perfect order has no finite z; its interval is one-sided in effect.
  const z = Math.atanh(Math.max(-0.999999, Math.min(0.999999, value)));
  const half = 1.96 * Math.sqrt(variance);
  return { value, low: Math.tanh(z - half), high: Math.tanh(z + half) };
}
