import { link, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { absentAsNull, codeOf, makeFolder, readIfThere, stageText, syncPath } from './durable.js';
import { createFolderUpkeep } from './folderUpkeep.js';
import { checkedKey, isKeyPart } from './names.js';
import { createObjects } from './objects.js';
import type { Store } from './store.js';

/** The store on a local folder; the same layout as the GPU worker's (`lamdagent_gpu/store.py`). */
export function createFolderStore(folder: string): Store {
  const root = resolve(folder);
  const staging = join(root, 'tmp');
  return {
    location: root,
    ...createObjects(root),
    ...createFolderUpkeep(root),
    putIfAbsent: async (key, text) => {
      const target = pathOf(root, key);
      await makeFolder(dirname(target));
      const staged = await stageText(staging, text);
      try {
        return await linked(staged, target);
      } finally {
        await rm(staged, { force: true });
      }
    },
    replace: async (key, text) => {
      const target = pathOf(root, key);
      await makeFolder(dirname(target));
      await rename(await stageText(staging, text), target);
      await syncPath(dirname(target));
    },
    read: (key) => readIfThere(pathOf(root, key)),
    list: async (prefix) => {
      const entries = await absentAsNull(readdir(pathOf(root, prefix), { withFileTypes: true }));
      const files = (entries ?? []).filter((entry) => entry.isFile() && isKeyPart(entry.name));
      return files.map((entry) => `${prefix}/${entry.name}`).sort();
    },
  };
}

/** Gives the file its final name unless that is taken. Whoever lost may rely on the winner's record: it is synced too. */
async function linked(staged: string, target: string): Promise<boolean> {
  let wrote = true;
  try {
    await link(staged, target);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    wrote = false;
  }
  await syncPath(dirname(target));
  return wrote;
}

function pathOf(root: string, key: string): string {
  return join(root, ...checkedKey(key).split('/'));
}
