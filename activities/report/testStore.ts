import { memoryStore } from '../decide/memoryStore.js';
import { createFolderStore } from '../store/folder.js';
import type { Store } from '../store/store.js';

/** Records in memory, since thousands of them would be synced to disk one by one; objects in the folder. */
export function recordsInMemory(folder: string): Store {
  const { putIfAbsent, replace, read, list } = memoryStore();
  return { ...createFolderStore(folder), putIfAbsent, replace, read, list };
}
