import { fastIntegers } from '../fastRandom.js';

/**
 * MinHash signatures (Broder 1997) of sets of word runs: the share of equal places estimates the sets' Jaccard
 * similarity J. A place keeps 8 bits of its minimum (Li and König 2010, arXiv 0910.3349), so that a row takes 128 bytes;
 * different minima agree in 1 of 256. Standard error of the estimate at J: √(J(1 − J) / 128), at most 0.045.
 */
export const SIGNATURE_PLACES = 128;
const CHANCE = 1 / 256;

/** Odd multipliers and offsets of the hash functions x → (a x + b) mod 2³². */
const MULTIPLIERS = new Uint32Array(SIGNATURE_PLACES);
const OFFSETS = new Uint32Array(SIGNATURE_PLACES);
const draw = fastIntegers('MinHash, 128 functions');
for (let place = 0; place < SIGNATURE_PLACES; place += 1) {
  MULTIPLIERS[place] = draw(2 ** 32) | 1;
  OFFSETS[place] = draw(2 ** 32);
}

/** The minima of all hash functions over the runs of n words; the whole text is one run where it has fewer. */
export function minimaOf(words: readonly string[], n: number): Uint32Array {
  const minima = new Uint32Array(SIGNATURE_PLACES).fill(0xffffffff);
  for (const gram of gramHashes(words, Math.max(1, Math.min(n, words.length))))
    for (let place = 0; place < SIGNATURE_PLACES; place += 1) {
      const hash = mixed((Math.imul(gram, MULTIPLIERS[place] ?? 1) + (OFFSETS[place] ?? 0)) | 0);
      if (hash < (minima[place] ?? 0)) minima[place] = hash;
    }
  return minima;
}

/** Similarity of two rows by `SIGNATURE_PLACES` low bytes from each offset; below 0 for sets that share nothing. */
export function similarity(signatures: Uint8Array, a: number, b: number): number {
  let equal = 0;
  for (let place = 0; place < SIGNATURE_PLACES; place += 1)
    if (signatures[a + place] === signatures[b + place]) equal += 1;
  return (equal / SIGNATURE_PLACES - CHANCE) / (1 - CHANCE);
}

/**
 * How many places make a band, so that two rows at the threshold meet in one of the bands in at least 9 of 10 cases:
 * the largest such divisor, since longer bands bring fewer idle comparisons. P = 1 − (1 − Jʳ)^(128/r).
 */
export function bandLength(threshold: number): number {
  const meets = (length: number): number => 1 - (1 - threshold ** length) ** (SIGNATURE_PLACES / length);
  return [32, 16, 8, 4, 2].find((length) => meets(length) >= 0.9) ?? 1;
}

/** A 32-bit key of each band of the minima. */
export function bandKeys(minima: Uint32Array, length: number): readonly number[] {
  return Array.from({ length: SIGNATURE_PLACES / length }, (_, band) => {
    let key = Math.imul(band + 1, 0x9e3779b1);
    for (let at = band * length; at < (band + 1) * length; at += 1)
      key = mixed((key ^ (minima[at] ?? 0)) | 0);
    return key >>> 0;
  });
}

function* gramHashes(words: readonly string[], n: number): Generator<number> {
  const hashes = words.map(hashOf);
  for (let start = 0; start + n <= hashes.length; start += 1) {
    let hash = n;
    for (let at = start; at < start + n; at += 1) hash = mixed((Math.imul(hash, 31) + (hashes[at] ?? 0)) | 0);
    yield hash;
  }
}

/** FNV-1a over UTF-16 units. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at += 1) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** MurmurHash3's finaliser: every bit in changes half of the bits out. */
function mixed(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
