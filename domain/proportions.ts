/** Score intervals: of a share of items answered right, and of the difference of two such shares on the same items. */

/**
 * Wilson's (1927) score interval of a proportion: `z` 1.96 gives 95 % two-sided, or its lower end 97.5 % one-sided.
 * It never leaves [0, 1] and is not zero wide where all or none were right.
 */
export function wilson(successes: number, items: number, z: number): readonly [number, number] {
  if (items === 0) return [0, 1];
  const share = successes / items;
  const scale = 1 + z ** 2 / items;
  const centre = (share + z ** 2 / (2 * items)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / items + z ** 2 / (4 * items ** 2));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/** How two models answered the same items. */
export interface Discordance {
  /** Items that the first alone has right, and that the second alone has right. */
  readonly gained: number;
  readonly lost: number;
  readonly items: number;
}

/**
 * The lower end of Tango's (1998, Statistics in Medicine 17:891) score interval of a paired difference of proportions,
 * `(gained - lost) / items`: the smallest difference that a one-sided score test with the normal quantile `z` does not
 * reject. It is to McNemar's test what Wilson's is to the sign test; it is not zero wide where no item differs.
 */
export function pairedLowerLimit({ gained, lost, items }: Discordance, z: number): number {
  let low = -1;
  let high = (gained - lost) / items;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (tangoStatistic({ gained, lost, items }, middle) > z) low = middle;
    else high = middle;
  }
  return low;
}

/** Tango's eq. 8; the nuisance share of lost items takes its most likely value under the difference. */
function tangoStatistic({ gained, lost, items }: Discordance, difference: number): number {
  const b = -gained - lost + (2 * items - gained + lost) * difference;
  const c = -lost * difference * (1 - difference);
  const lostShare = (Math.sqrt(Math.max(0, b ** 2 - 8 * items * c)) - b) / (4 * items);
  const variance = items * (2 * lostShare + difference * (1 - difference));
  const excess = gained - lost - items * difference;
  return variance <= 0 ? (excess > 0 ? Number.POSITIVE_INFINITY : 0) : excess / Math.sqrt(variance);
}
