/** More levels than any spec or row of data has; what is deeper would overflow the stack of whoever walks it. */
export const MOST_LEVELS = 64;

/** Whether the value has lists and mappings in each other over at most so many levels. Does not recurse itself. */
export function isShallow(value: unknown, most: number = MOST_LEVELS): boolean {
  let level = childrenOf([value]);
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth >= most) return false;
    level = level.flatMap(childrenOf);
  }
  return true;
}

function childrenOf(value: unknown): readonly object[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).filter((one): one is object => typeof one === 'object' && one !== null);
}
