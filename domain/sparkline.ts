import { keptPlaces } from './trainingCurve.js';

const BARS = '▁▂▃▄▅▆▇█';

/** The values as a line of bars, at most so many, from the lowest to the highest; `·` where there is none. */
export function sparkline(values: readonly (number | null)[], most: number): string {
  const finite = values.filter((one) => one !== null);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const barOf = (value: number): string =>
    BARS.charAt(high === low ? 0 : Math.round(((value - low) / (high - low)) * (BARS.length - 1)));
  return keptPlaces(values.length, most)
    .map((place) => values[place] ?? null)
    .map((value) => (value === null ? '·' : barOf(value)))
    .join('');
}
