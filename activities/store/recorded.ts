import type { Store } from './store.js';

/** What an earlier try recorded under the key, else the value, recorded now. */
export async function recorded<T>(store: Store, key: string, make: () => Promise<T>): Promise<T> {
  const earlier = await store.read(key);
  if (earlier !== null) return JSON.parse(earlier) as T;
  const value = await make();
  if (await store.putIfAbsent(key, JSON.stringify(value))) return value;
  return JSON.parse((await store.read(key)) ?? 'null') as T;
}
