import { randomUUID } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StoredObject } from '../../domain/retention.js';
import { absentAsNull, codeOf, makeFolder, readIfThere, syncPath } from './durable.js';
import { checkedId, fileInside, isStageId, MANIFEST } from './names.js';
import type { Leftover, Store } from './store.js';

/** What takes place on a disk, and ways to give it back. */
export function createFolderUpkeep(root: string): Pick<Store, 'objects' | 'remove' | 'leftovers' | 'sweep'> {
  const isPublished = async (stageId: string): Promise<boolean> =>
    (await readIfThere(join(root, 'objects', stageId, MANIFEST))) !== null;
  return {
    objects: async () => {
      const found: StoredObject[] = [];
      for (const stageId of (await namesIn(join(root, 'objects'))).filter(isStageId)) {
        const folder = join(root, 'objects', stageId);
        const manifest = await absentAsNull(stat(join(folder, MANIFEST)));
        if (manifest === null) continue;
        const { bytes } = await extentOf(folder);
        found.push({ stageId, bytes, publishedAt: manifest.mtime.toISOString() });
      }
      return found;
    },
    remove: (stageId, confirm) => removeObject(root, checkedId(stageId), confirm),
    leftovers: async (before) => [
      ...(await staleIn(root, { part: 'tmp', kind: 'staged', before })),
      ...(await staleIn(root, { part: 'work', kind: 'work', before, isStale: isPublished })),
      ...(await staleIn(root, {
        part: 'objects',
        kind: 'unpublished',
        before,
        isStale: async (stageId) => !(await isPublished(stageId)),
      })),
    ],
    sweep: async ({ name }) => {
      await rm(fileInside(root, name), { recursive: true, force: true });
    },
  };
}

/** By one rename, which brings it back too. */
async function removeObject(
  root: string,
  stageId: string,
  confirm: () => Promise<boolean> = () => Promise.resolve(true),
): Promise<boolean> {
  const place = join(root, 'objects', stageId);
  const aside = join(root, 'tmp', randomUUID());
  await makeFolder(dirname(aside));
  try {
    await rename(place, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  let goes = false;
  try {
    goes = await confirm();
  } finally {
    if (!goes) await bringBack(aside, place);
  }
  if (!goes) return false;
  await syncPath(dirname(place));
  await rm(aside, { recursive: true, force: true });
  return true;
}

/** One that was made anew meanwhile is as good. */
async function bringBack(aside: string, place: string): Promise<void> {
  try {
    await rename(aside, place);
  } catch (error) {
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
    await rm(aside, { recursive: true, force: true });
  }
}

/** The entries of a part of the store that are stale and have not changed since `before`. */
export async function staleIn(
  root: string,
  {
    part,
    kind,
    before,
    isStale = () => Promise.resolve(true),
  }: {
    readonly part: 'tmp' | 'work' | 'objects';
    readonly kind: Leftover['kind'];
    readonly before: Date;
    readonly isStale?: (name: string) => Promise<boolean>;
  },
): Promise<readonly Leftover[]> {
  const found: Leftover[] = [];
  for (const name of await namesIn(join(root, part))) {
    if ((part !== 'tmp' && !isStageId(name)) || !(await isStale(name))) continue;
    const { bytes, changedAt } = await extentOf(join(root, part, name));
    if (changedAt < before) found.push({ kind, name: `${part}/${name}`, bytes });
  }
  return found;
}

export async function namesIn(folder: string): Promise<readonly string[]> {
  return (await absentAsNull(readdir(folder))) ?? [];
}

/** All bytes at or below the path, and when any of it last changed. */
async function extentOf(path: string): Promise<{ readonly bytes: number; readonly changedAt: Date }> {
  const own = await absentAsNull(stat(path));
  if (own === null) return { bytes: 0, changedAt: new Date() };
  if (!own.isDirectory()) return { bytes: own.size, changedAt: own.mtime };
  const below = await Promise.all((await namesIn(path)).map((name) => extentOf(join(path, name))));
  const times = [own.mtime, ...below.map(({ changedAt }) => changedAt)];
  return {
    bytes: below.reduce((sum, { bytes }) => sum + bytes, 0),
    changedAt: new Date(Math.max(...times.map((time) => time.getTime()))),
  };
}
