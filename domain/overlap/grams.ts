/** Numbers the tokens of the evaluation items, so that texts are compared as numbers. */
export interface Vocabulary {
  /** The number of a token, a new one where it has none. */
  learn(token: string): number;
  /** The number of a token; UNKNOWN where no item has it. */
  find(token: string): number;
}
export const UNKNOWN = -1;

export function createVocabulary(): Vocabulary {
  const numbers = new Map<string, number>();
  return {
    find: (token) => numbers.get(token) ?? UNKNOWN,
    learn: (token) => {
      const known = numbers.get(token);
      if (known !== undefined) return known;
      // A copy of its own: a slice would keep the whole text that it was cut from.
      numbers.set(token.split('').join(''), numbers.size);
      return numbers.size - 1;
    },
  };
}

/** The length of a text's grams: n, or the whole text where it has fewer tokens. */
export function gramLength(tokens: number, n: number): number {
  return Math.min(tokens, n);
}

/** Calls back with the key of each run of n known tokens, in order, repeats included. */
export function eachGram(numbers: readonly number[], n: number, found: (key: number) => void): void {
  let run = 0;
  for (let end = 0; end < numbers.length; end += 1) {
    run = numbers[end] === UNKNOWN ? 0 : run + 1;
    if (run >= n) found(gramKey(numbers, end + 1 - n, n));
  }
}

/** The distinct grams of a text of an item; none for an empty one. */
export function gramsOf(numbers: readonly number[], n: number): ReadonlySet<number> {
  return numbers.length === 0 ? new Set() : gramsOfLength(numbers, gramLength(numbers.length, n));
}

/** The distinct runs of just n known tokens. */
export function gramsOfLength(numbers: readonly number[], n: number): ReadonlySet<number> {
  const keys = new Set<number>();
  eachGram(numbers, n, (key) => keys.add(key));
  return keys;
}

/** 53 bits over the length and the token numbers: two of a million grams collide once in 20,000 benchmarks. */
function gramKey(numbers: readonly number[], start: number, n: number): number {
  let high = Math.imul(n, 0x9e3779b1);
  let low = Math.imul(n, 0x85ebca6b);
  for (let at = start; at < start + n; at += 1) {
    const number = numbers[at] ?? 0;
    high = Math.imul(high ^ number, 0x85ebca77);
    high ^= high >>> 13;
    low = Math.imul(low + number, 0xc2b2ae3d);
    low ^= low >>> 16;
  }
  return (high >>> 0) * 2 ** 21 + (low >>> 11);
}
