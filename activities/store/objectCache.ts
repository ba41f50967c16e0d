import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Manifest, ObjectFile } from '../../domain/outcome.js';
import { absentAsNull, makeFolder, readIfThere, syncPath, writeSynced } from './durable.js';
import { staleIn } from './folderUpkeep.js';
import { moveIn } from './objects.js';
import { fileInside, MANIFEST } from './names.js';
import type { Leftover } from './store.js';
import { verifyFile } from './verify.js';

/** What the names of leftovers in the cache begin with. */
const HERE = 'cache: ';

/** Brings one file of an object to the path; need not check its bytes. */
export type Fetch = (file: ObjectFile, path: string) => Promise<void>;

/**
 * Local copies of a remote store's objects, laid out as a folder store: `objects/<stageId>/`. A copy counts only if its
 * manifest equals the remote one; a damaged copy is fetched again. Processes may share the folder.
 */
export interface ObjectCache {
  /** The absolute path of a verified file of the object; the whole object is fetched when it isn't here. */
  open(manifest: Manifest, file: ObjectFile, fetch: Fetch): Promise<string>;
  /** Forgets the copy of an object. */
  drop(stageId: string): Promise<void>;
  /** Stale entries of this folder, the GPU worker's included; `isPublished` tells what the remote store has. */
  leftovers(before: Date, isPublished: (stageId: string) => boolean): Promise<readonly Leftover[]>;
  /** Whether the leftover lies here. */
  holds(leftover: Leftover): boolean;
  sweep(leftover: Leftover): Promise<void>;
}

/** @param place where the remote objects lie, for messages */
export function createObjectCache(root: string, place: string): ObjectCache {
  const verified = new Set<string>();
  const underWay = new Map<string, Promise<void>>();
  const isWhole = async (manifest: Manifest, file: ObjectFile): Promise<boolean> => {
    const folder = join(root, 'objects', manifest.stageId);
    if (!isDeepStrictEqual(await readCopy(folder), manifest)) return false;
    const token = `${manifest.stageId}/${file.path}/${file.sha256}`;
    try {
      await verifyFile(fileInside(folder, file.path), file, { hash: !verified.has(token) });
    } catch {
      return false;
    }
    verified.add(token);
    return true;
  };
  const bring = async (manifest: Manifest, file: ObjectFile, fetch: Fetch): Promise<void> => {
    const target = join(root, 'objects', manifest.stageId);
    const staged = join(root, 'tmp', randomUUID());
    try {
      await fetchAll(staged, manifest, { fetch, shown: `${place}/${manifest.stageId}` });
      await makeFolder(dirname(target));
      const theirs = async () => ((await isWhole(manifest, file)) ? manifest : null);
      // Another process may bring the same object at this moment; then its copy is as good.
      await moveIn(staged, target, theirs).catch(async (error: unknown) => {
        if ((await theirs()) === null) throw error;
      });
    } finally {
      await rm(staged, { recursive: true, force: true });
    }
  };
  return {
    drop: (stageId) => dropCopy(root, stageId),
    leftovers: (before, isPublished) => staleEntries(root, before, isPublished),
    holds: ({ name }) => name.startsWith(HERE),
    sweep: async ({ name }) => {
      await rm(fileInside(root, name.slice(HERE.length)), { recursive: true, force: true });
    },
    open: async (manifest, file, fetch) => {
      const { stageId } = manifest;
      const path = fileInside(join(root, 'objects', stageId), file.path);
      await underWay.get(stageId)?.catch(() => undefined);
      if (await isWhole(manifest, file)) return path;
      const mine = underWay.get(stageId) ?? bring(manifest, file, fetch);
      underWay.set(stageId, mine);
      try {
        await mine;
      } finally {
        underWay.delete(stageId);
      }
      if (await isWhole(manifest, file)) return path;
      throw new Error(
        `file ${path}: expected the copy just made, got another. Something else changes ${root}.`,
      );
    },
  };
}

async function dropCopy(root: string, stageId: string): Promise<void> {
  const aside = join(root, 'tmp', randomUUID());
  await makeFolder(dirname(aside));
  await absentAsNull(rename(join(root, 'objects', stageId), aside));
  await rm(aside, { recursive: true, force: true });
}

async function staleEntries(
  root: string,
  before: Date,
  isPublished: (stageId: string) => boolean,
): Promise<readonly Leftover[]> {
  const known = (stageId: string) => Promise.resolve(isPublished(stageId));
  const unknown = (stageId: string) => Promise.resolve(!isPublished(stageId));
  const found = [
    ...(await staleIn(root, { part: 'tmp', kind: 'staged', before })),
    ...(await staleIn(root, { part: 'work', kind: 'work', before, isStale: known })),
    ...(await staleIn(root, { part: 'objects', kind: 'copy', before, isStale: unknown })),
  ];
  return found.map((one) => ({ ...one, name: `${HERE}${one.name}` }));
}

async function fetchAll(
  folder: string,
  manifest: Manifest,
  { fetch, shown }: { readonly fetch: Fetch; readonly shown: string },
): Promise<void> {
  await makeFolder(folder);
  for (const file of manifest.files) {
    const path = fileInside(folder, file.path);
    await makeFolder(dirname(path));
    await fetch(file, path);
    await verifyFile(path, file, { hash: true, shown: `${shown}/${file.path}` });
    await syncPath(dirname(path));
  }
  await writeSynced(join(folder, MANIFEST), JSON.stringify(manifest));
  await syncPath(folder);
}

async function readCopy(folder: string): Promise<unknown> {
  const text = await readIfThere(join(folder, MANIFEST));
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
