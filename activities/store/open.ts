import { createFolderStore } from './folder.js';
import { isS3, parseS3Location } from './s3Location.js';
import type { Store } from './store.js';

/** The store at a folder or at `s3://bucket/prefix`; `cacheFolder` keeps local copies of the latter's objects. */
export function openStore(location: string, cacheFolder: string): Store {
  return isS3(location) ? openS3(location, cacheFolder) : createFolderStore(location);
}

/** The client's code takes a quarter of a second to load, so it is loaded when the store is first asked. */
function openS3(location: string, cacheFolder: string): Store {
  let opened: Promise<Store> | null = null;
  const load = async (): Promise<Store> => {
    const { createS3Store } = await import('./s3.js');
    return createS3Store(location, { cacheFolder });
  };
  const store = (): Promise<Store> => (opened ??= load());
  return {
    location: parseS3Location(location).text,
    putIfAbsent: async (key, text) => (await store()).putIfAbsent(key, text),
    replace: async (key, text) => (await store()).replace(key, text),
    read: async (key) => (await store()).read(key),
    list: async (prefix) => (await store()).list(prefix),
    manifest: async (stageId) => (await store()).manifest(stageId),
    publish: async (...args) => (await store()).publish(...args),
    openFile: async (stageId, path) => (await store()).openFile(stageId, path),
    objects: async () => (await store()).objects(),
    remove: async (stageId, confirm) => (await store()).remove(stageId, confirm),
    leftovers: async (before) => (await store()).leftovers(before),
    sweep: async (leftover) => (await store()).sweep(leftover),
  };
}
