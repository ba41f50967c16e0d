import type { Store } from '../store/store.js';

/** Records in memory, for tests of what reads and writes records alone. Objects are not kept. */
export function memoryStore(): Store & { readonly records: Map<string, string> } {
  const records = new Map<string, string>();
  const noObjects = (): Promise<never> => Promise.reject(new Error('memory store: expected records alone'));
  return {
    records,
    location: 'memory',
    putIfAbsent: (key, text) => {
      if (records.has(key)) return Promise.resolve(false);
      records.set(key, text);
      return Promise.resolve(true);
    },
    replace: (key, text) => {
      records.set(key, text);
      return Promise.resolve();
    },
    read: (key) => Promise.resolve(records.get(key) ?? null),
    list: (prefix) =>
      Promise.resolve([...records.keys()].filter((key) => key.startsWith(`${prefix}/`)).sort()),
    manifest: () => Promise.resolve(null),
    publish: noObjects,
    openFile: noObjects,
    objects: () => Promise.resolve([]),
    remove: noObjects,
    leftovers: () => Promise.resolve([]),
    sweep: noObjects,
  };
}
