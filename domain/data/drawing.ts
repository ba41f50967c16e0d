import { fastIntegers } from '../fastRandom.js';

/**
 * How many times each of a dataset's rows is taken, so that `count` are: all of them as often as they go, and a random
 * part once more. The part follows from the seed and the dataset's id alone, so a larger count takes every row of a
 * smaller one, whatever else is mixed with it.
 */
export function timesTaken(
  rows: number,
  count: number,
  { seed, dataset }: { readonly seed: string; readonly dataset: string },
): (row: number) => number {
  const whole = Math.floor(count / rows);
  const rest = count - whole * rows;
  const isChosen = firstByChance(rows, rest, `draw ${seed} ${dataset}`);
  return (row) => whole + (isChosen(row) ? 1 : 0);
}

/** Of 0 … rows - 1 the `count` with the smallest random keys, earlier rows first among equal keys. */
function firstByChance(rows: number, count: number, seed: string): (row: number) => boolean {
  if (count === 0) return () => false;
  if (count === rows) return () => true;
  const integer = fastIntegers(seed);
  const draws = Float64Array.from({ length: rows }, () => integer(2 ** 32) * 2 ** 21 + integer(2 ** 21));
  const bound = draws.slice().sort()[count - 1] ?? 0;
  let equal = count;
  for (const draw of draws) if (draw < bound) equal -= 1;
  const last = lastOfEqual(draws, bound, equal);
  return (row) => {
    const draw = draws[row] ?? Infinity;
    return draw < bound || (draw === bound && row <= last);
  };
}

/** The row of the `nth` key that equals the bound. */
function lastOfEqual(draws: Float64Array, bound: number, nth: number): number {
  let seen = 0;
  return draws.findIndex((draw) => draw === bound && ++seen === nth);
}
