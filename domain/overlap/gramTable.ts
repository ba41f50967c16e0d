/** A map from gram keys to numbers of 32 bits, in typed arrays: a `Map` of millions of such keys is slow and large. */
export interface GramTable {
  /** -1 for a key that was never set. */
  get(key: number): number;
  set(key: number, value: number): void;
  readonly size: number;
}

const EMPTY = -1;
const FIRST_CAPACITY = 1024;

/** Open addressing with linear probing; at most half full. Values are not negative. */
export function createGramTable(): GramTable {
  let keys = new Float64Array(FIRST_CAPACITY);
  let values = new Int32Array(FIRST_CAPACITY).fill(EMPTY);
  let size = 0;

  const slotOf = (key: number): number => {
    const last = keys.length - 1;
    let slot = Math.imul(key >>> 0, 0x9e3779b1) >>> 7;
    for (slot &= last; values[slot] !== EMPTY && keys[slot] !== key; slot = (slot + 1) & last);
    return slot;
  };
  const put = (key: number, value: number): void => {
    const slot = slotOf(key);
    if (values[slot] === EMPTY) size += 1;
    keys[slot] = key;
    values[slot] = value;
  };
  const grow = (): void => {
    const [oldKeys, oldValues] = [keys, values];
    keys = new Float64Array(2 * oldKeys.length);
    values = new Int32Array(keys.length).fill(EMPTY);
    size = 0;
    oldValues.forEach((value, slot) => {
      if (value !== EMPTY) put(oldKeys[slot] ?? 0, value);
    });
  };
  return {
    get: (key) => values[slotOf(key)] ?? EMPTY,
    set: (key, value) => {
      if (2 * size >= keys.length) grow();
      put(key, value);
    },
    get size() {
      return size;
    },
  };
}
