/** Enough for a store far away; a ledger of thousands of rows would otherwise open as many files at once. */
const AT_ONCE = 64;

/** `Promise.all` over a list of any length, with so many of its promises begun at a time; results in the list's order. */
export async function severalAtOnce<T, R>(
  list: readonly T[],
  one: (item: T) => Promise<R>,
  atOnce = AT_ONCE,
): Promise<readonly R[]> {
  const results: R[] = [];
  const left = list.entries();
  const lane = async (): Promise<void> => {
    for (const [place, item] of left) results[place] = await one(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, list.length) }, lane));
  return results;
}
