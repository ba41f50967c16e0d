import { fastIntegers } from './fastRandom.js';
import { wilson } from './proportions.js';
import type { Estimate } from './result.js';
import { unitsOf } from './units.js';

/** One benchmark's item scores of a model, with the benchmark's share in the mean. */
export interface ItemScores {
  readonly share: number;
  /** In [0, 1]. */
  readonly items: readonly number[];
  /** The cluster of each item; absent or null: every item stands alone. */
  readonly clusters?: readonly string[] | null;
}

/** One benchmark's item scores of two models, paired by item, with the benchmark's share in the mean. */
export interface PairedScores {
  readonly share: number;
  /** [champion, base] of each item, in [0, 1]. */
  readonly pairs: readonly (readonly [number, number])[];
  readonly clusters?: readonly string[] | null;
}

const RESAMPLES = 4000;
/** Two-sided, of every bootstrap interval. */
export const LEVEL = 0.95;

/** The two-sided 95 % normal quantile. */
export const Z95 = 1.959963984540054;

/** Weighted mean over benchmarks with a two-sided 95 % interval: items are resampled within each benchmark. */
export function bootstrapMean(parts: readonly ItemScores[], seed: string): Estimate {
  return bootstrap(parts, seed);
}

/** A model's score with a two-sided 95 % interval: Wilson's for one benchmark of 0/1 scores, else the bootstrap's. */
export function scoreEstimate(parts: readonly ItemScores[], seed: string): Estimate {
  const used = parts.filter(({ share, items }) => share > 0 && items.length > 0);
  const [only] = used;
  if (only === undefined || used.length > 1 || (only.clusters ?? null) !== null || !isBinary(only.items))
    return bootstrap(parts, seed);
  const value = mean(only.items);
  const [low, high] = wilson(value * only.items.length, only.items.length, Z95);
  return { value, low, high };
}

export function isBinary(values: readonly number[]): boolean {
  return values.every((value) => value === 0 || value === 1);
}

/**
 * The weighted mean difference champion minus base, item-paired, with a two-sided 95 % percentile-bootstrap interval
 * (Efron and Tibshirani 1993, ch. 13). Items are the unit, whole clusters where the items name them (Davison and
 * Hinkley 1997, ch. 3.8); benchmarks are fixed.
 */
export function pairedDifference(parts: readonly PairedScores[], seed: string): Estimate {
  return bootstrap(
    parts.map(({ pairs, ...part }) => ({ ...part, items: pairs.map(([champion, base]) => champion - base) })),
    seed,
  );
}

function bootstrap(parts: readonly ItemScores[], seed: string): Estimate {
  const used = parts.filter(({ share, items }) => share > 0 && items.length > 0);
  const value = used.reduce((sum, { share, items }) => sum + share * mean(items), 0);
  const drawn = used.map(({ share, items, clusters }) => {
    const units = unitsOf(items, clusters ?? null);
    const sums = Float64Array.from(units, ({ sum }) => sum);
    return { share, sums, counts: Float64Array.from(units, ({ count }) => count) };
  });
  const integer = fastIntegers(`bootstrap ${seed}`);
  const means = Float64Array.from({ length: RESAMPLES }, () =>
    drawn.reduce((sum, { share, ...units }) => sum + share * resampledMean(units, integer), 0),
  ).sort();
  return { value, low: quantile(means, (1 - LEVEL) / 2), high: quantile(means, (1 + LEVEL) / 2) };
}

/** The mean of as many units as there are, drawn with replacement; typed arrays, since this is drawn a million times. */
function resampledMean(
  { sums, counts }: { readonly sums: Float64Array; readonly counts: Float64Array },
  integer: (n: number) => number,
): number {
  let total = 0;
  let items = 0;
  for (let draw = 0; draw < sums.length; draw += 1) {
    const unit = integer(sums.length);
    total += sums[unit] ?? 0;
    items += counts[unit] ?? 0;
  }
  return total / items;
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
