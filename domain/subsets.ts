import type { Random } from './random.js';

/** The subsets of `items` with `least` to `most` members; `least` 0 and `most` 0 means the empty one alone. */
export interface Subsets {
  readonly items: readonly string[];
  readonly least: number;
  readonly most: number;
  /** Every order of the members is another subset; else they keep the order of `items`. */
  readonly ordered?: boolean;
}

export function countSubsets({ items, least, most, ordered = false }: Subsets): number {
  let total = 0;
  for (let size = least; size <= Math.min(most, items.length); size += 1)
    total += binomial(items.length, size) * (ordered ? factorial(size) : 1);
  return total;
}

/** In a fixed order. */
export function* enumerateSubsets({
  items,
  least,
  most,
  ordered = false,
}: Subsets): Generator<readonly string[]> {
  for (let size = least; size <= Math.min(most, items.length); size += 1)
    for (const members of combinations(items, size))
      if (ordered) yield* permutations(members);
      else yield members;
}

/** First the size, uniformly, then the members. null: there is no such subset. */
export function sampleSubset(
  { items, least, most, ordered = false }: Subsets,
  random: Random,
): readonly string[] | null {
  const largest = Math.min(most, items.length);
  if (largest < least) return null;
  const size = least + random.integer(largest - least + 1);
  const places = new Set<number>();
  while (places.size < size) places.add(random.integer(items.length));
  const drawn = [...places];
  return (ordered ? drawn : drawn.sort((a, b) => a - b)).flatMap((place) => items[place] ?? []);
}

function* combinations(items: readonly string[], size: number, from = 0): Generator<readonly string[]> {
  if (size === 0) return yield [];
  for (let at = from; at <= items.length - size; at += 1)
    for (const rest of combinations(items, size - 1, at + 1)) yield [...items.slice(at, at + 1), ...rest];
}

function* permutations(items: readonly string[]): Generator<readonly string[]> {
  if (items.length === 0) return yield [];
  for (const [place, first] of items.entries())
    for (const rest of permutations(items.toSpliced(place, 1))) yield [first, ...rest];
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}

function binomial(n: number, k: number): number {
  let value = 1;
  for (let i = 1; i <= k; i += 1) value = (value * (n - k + i)) / i;
  return value;
}
