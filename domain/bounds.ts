import { fastIntegers } from './fastRandom.js';
import { mean, quantile } from './statistics.js';
import type { Unit } from './units.js';

const RESAMPLES = 4000;

/**
 * A one-sided lower limit of the mean of values that are never below `worst`, from independent units.
 * The Bayesian bootstrap (Rubin 1981, Annals of Statistics 9:130: exponential weights) with one more unit of the worst
 * value, of average size: the limit of Gaffke (2005; Learned-Miller and Thomas 2019, arXiv 1905.06208), which for 0/1
 * values is Clopper and Pearson's exact one. A plain bootstrap is zero wide where no value differs; this one is not.
 */
export function lowerLimit(
  units: readonly Unit[],
  { worst, level, seed }: { readonly worst: number; readonly level: number; readonly seed: string },
): number {
  if (units.length === 0) return worst;
  const size = mean(units.map(({ count }) => count));
  const all = [...units, { sum: worst * size, count: size }];
  const integer = fastIntegers(`lower limit ${seed}`);
  const means = Float64Array.from({ length: RESAMPLES }, () => {
    let total = 0;
    let weights = 0;
    for (const { sum, count } of all) {
      const weight = -Math.log((integer(2 ** 32) + 0.5) / 2 ** 32);
      total += weight * sum;
      weights += weight * count;
    }
    return total / weights;
  }).sort();
  return quantile(means, 1 - level);
}
