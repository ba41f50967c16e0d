import { fastIntegers } from './fastRandom.js';
import type { Estimate } from './result.js';

/** One benchmark's item scores of two models, paired by item, with the benchmark's share in the mean. */
export interface PairedScores {
  readonly share: number;
  /** [champion, base] of each item, in [0, 1]. */
  readonly pairs: readonly (readonly [number, number])[];
}

const RESAMPLES = 4000;
/** Two-sided, of every bootstrap interval. */
export const LEVEL = 0.95;

/** Weighted mean over benchmarks with a two-sided 95 % interval: items are resampled within each benchmark. */
export function bootstrapMean(
  parts: readonly { readonly share: number; readonly items: readonly number[] }[],
  seed: string,
): Estimate {
  return bootstrap(parts, seed);
}

/**
 * The weighted mean difference champion minus base, item-paired, with a two-sided 95 % percentile-bootstrap interval
 * (Efron and Tibshirani 1993, ch. 13). Items are the unit; benchmarks are fixed.
 */
export function pairedDifference(parts: readonly PairedScores[], seed: string): Estimate {
  return bootstrap(
    parts.map(({ share, pairs }) => ({ share, items: pairs.map(([champion, base]) => champion - base) })),
    seed,
  );
}

function bootstrap(
  parts: readonly { readonly share: number; readonly items: readonly number[] }[],
  seed: string,
): Estimate {
  const used = parts.filter(({ share, items }) => share > 0 && items.length > 0);
  const value = used.reduce((sum, { share, items }) => sum + share * mean(items), 0);
  const integer = fastIntegers(`bootstrap ${seed}`);
  const means = Float64Array.from({ length: RESAMPLES }, () =>
    used.reduce((sum, { share, items }) => {
      let total = 0;
      for (let draw = 0; draw < items.length; draw += 1) total += items[integer(items.length)] ?? 0;
      return sum + (share * total) / items.length;
    }, 0),
  ).sort();
  return { value, low: quantile(means, (1 - LEVEL) / 2), high: quantile(means, (1 + LEVEL) / 2) };
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The q-quantile of sorted values, by linear interpolation (type 7). */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const place = (sorted.length - 1) * q;
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}

/** Score plus and minus 1.96 standard errors, kept within [0, 1]: the normal approximation, for tables. */
export function normalInterval(score: number, standardError: number): readonly [number, number] {
  return [Math.max(0, score - 1.96 * standardError), Math.min(1, score + 1.96 * standardError)];
}
