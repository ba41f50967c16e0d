import { sha256Hex } from './stage.js';

/** Uniform integers in 0 … n - 1 for millions of draws: sfc32 (Doty-Humphrey), seeded by the text's SHA-256. */
export function fastIntegers(seed: string): (n: number) => number {
  const digest = sha256Hex(seed);
  let [a = 0, b = 0, c = 0] = [0, 8, 16].map(
    (start) => Number.parseInt(digest.slice(start, start + 8), 16) | 0,
  );
  let counter = 1;
  return (n) => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return Math.floor(((sum >>> 0) / 2 ** 32) * n);
  };
}
