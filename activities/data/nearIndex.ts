import { bandKeys, bandLength, minimaOf, SIGNATURE_PLACES, similarity } from '../../domain/data/minHash.js';

/** Rows kept so far, to be asked whether a new one is like one of them. */
export interface NearIndex {
  /** Whether the similarity to a kept row reaches the threshold; a row that is like none is kept. */
  isRepeat(words: readonly string[], gram: number): boolean;
}

const FIRST_ROWS = 1024;

/** Rows that share a band are compared by their whole signatures. Memory: 128 to 256 bytes a kept row, and 16 to 32 a band. */
export function createNearIndex(threshold: number): NearIndex {
  const length = bandLength(threshold);
  const table = createBandTable();
  let signatures = new Uint8Array(FIRST_ROWS * SIGNATURE_PLACES);
  let kept = 0;
  return {
    isRepeat: (words, gram) => {
      const minima = minimaOf(words, gram);
      const keys = bandKeys(minima, length);
      const here = kept * SIGNATURE_PLACES;
      if (here === signatures.length) signatures = grown(signatures, new Uint8Array(2 * here));
      for (let place = 0; place < SIGNATURE_PLACES; place += 1) signatures[here + place] = minima[place] ?? 0;
      const isLike = (row: number): boolean =>
        similarity(signatures, row * SIGNATURE_PLACES, here) >= threshold;
      if (keys.some((key) => table.some(key, isLike))) return true;
      for (const key of keys) table.add(key, kept);
      kept += 1;
      return false;
    },
  };
}

interface BandTable {
  /** Whether one of the rows with this band is what is looked for. */
  some(key: number, isIt: (row: number) => boolean): boolean;
  add(key: number, row: number): void;
}

/** Open addressing with linear probing; a place holds a key and its row plus one, 0 where it is free. */
function createBandTable(): BandTable {
  let places = 2 ** 14;
  let used = 0;
  let keys = new Uint32Array(places);
  let rows = new Uint32Array(places);
  const put = (key: number, stored: number): void => {
    let at = key & (places - 1);
    while (rows[at] !== 0) at = (at + 1) & (places - 1);
    keys[at] = key;
    rows[at] = stored;
  };
  const grow = (): void => {
    const [oldKeys, oldRows] = [keys, rows];
    places *= 2;
    keys = new Uint32Array(places);
    rows = new Uint32Array(places);
    oldRows.forEach((stored, at) => {
      if (stored !== 0) put(oldKeys[at] ?? 0, stored);
    });
  };
  return {
    some: (key, isIt) => {
      for (let at = key & (places - 1); rows[at] !== 0; at = (at + 1) & (places - 1))
        if (keys[at] === key && isIt((rows[at] ?? 0) - 1)) return true;
      return false;
    },
    add: (key, row) => {
      used += 1;
      if (2 * used > places) grow();
      put(key, row + 1);
    },
  };
}

function grown(from: Uint8Array<ArrayBuffer>, to: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  to.set(from);
  return to;
}
