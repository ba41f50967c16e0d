import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from './stage.js';

/** A stream of seeded choices: equal seeds give equal streams, on every machine. Stateful; make one where it is used. */
export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  real(): number;
  /** Uniform in 0 … n - 1; 1 <= n <= 2^32. */
  integer(n: number): number;
  /** A uniform element; undefined for an empty list. */
  pick<T>(list: readonly T[]): T | undefined;
  /** A uniform permutation (Fisher-Yates), as a new list. */
  shuffle<T>(list: readonly T[]): readonly T[];
}

const WORD = 2 ** 32;

/** The generator that belongs to the given parts, e.g. `randomOf(plan.seed, 'decision', 7)`: SHA-256 in counter mode. */
export function randomOf(...parts: readonly (string | number)[]): Random {
  const word = wordsOf(canonicalJson(parts));
  const real = (): number => (Math.floor(word() / 32) * 2 ** 26 + Math.floor(word() / 64)) / 2 ** 53;
  const integer = (n: number): number => {
    if (!Number.isInteger(n) || n < 1 || n > WORD)
      throw new RangeError(`random integer: expected a bound from 1 to 2^32, got ${String(n)}`);
    const limit = WORD - (WORD % n);
    for (;;) {
      const drawn = word();
      if (drawn < limit) return drawn % n;
    }
  };
  const shuffle = <T>(list: readonly T[]): readonly T[] => {
    const rest = [...list];
    return list.flatMap(() => rest.splice(integer(rest.length), 1));
  };
  return {
    real,
    integer,
    shuffle,
    pick: (list) => (list.length === 0 ? undefined : list[integer(list.length)]),
  };
}

/** 32-bit words: the digests of `seed:0`, `seed:1`, …, eight words each. */
function wordsOf(seed: string): () => number {
  let counter = 0;
  let at = 0;
  let block = new DataView(new ArrayBuffer(0));
  return () => {
    if (at >= block.byteLength) {
      block = new DataView(sha256(utf8ToBytes(`${seed}:${String(counter)}`)).buffer);
      counter += 1;
      at = 0;
    }
    at += 4;
    return block.getUint32(at - 4);
  };
}
