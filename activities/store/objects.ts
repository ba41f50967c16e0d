import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Manifest, ObjectFile } from '../../domain/outcome.js';
import { absentAsNull, makeFolder, readIfThere, sha256OfFile, syncPath, writeSynced } from './durable.js';
import { parseManifest } from './manifest.js';
import { checkedId, fileInside, MANIFEST } from './names.js';
import { requireInside } from './links.js';
import type { ObjectSource, Store } from './store.js';
import { verifyFile } from './verify.js';

/** The objects of a folder store: `objects/<stageId>/`, staged whole under `tmp/` and renamed once. */
export function createObjects(root: string): Pick<Store, 'manifest' | 'publish' | 'openFile'> {
  const verified = new Set<string>();
  const folderOf = (stageId: string): string => join(root, 'objects', checkedId(stageId));
  const manifest = (stageId: string): Promise<Manifest | null> => readManifest(folderOf(stageId), stageId);
  return {
    manifest,
    publish: async (stageId, kind, files, result) => {
      const target = folderOf(stageId);
      const known = await manifest(stageId);
      if (known !== null) return known;
      const staged = join(root, 'tmp', randomUUID());
      try {
        const described = await stageFiles(staged, files);
        const made: Manifest = { schemaVersion: 1, stageId, kind, files: described, result };
        await writeSynced(join(staged, MANIFEST), JSON.stringify(made));
        await syncPath(staged);
        await makeFolder(dirname(target));
        const winner = await moveIn(staged, target, () => manifest(stageId));
        return winner ?? made;
      } finally {
        await rm(staged, { recursive: true, force: true });
      }
    },
    openFile: async (stageId, path) => {
      const folder = folderOf(stageId);
      const file = (await manifest(stageId))?.files.find((one) => one.path === path);
      if (file === undefined)
        throw new Error(`object ${stageId}: expected a published file ${path}, got none`);
      const absolute = fileInside(folder, path);
      await requireInside(folder, absolute);
      const token = `${stageId}/${path}`;
      // The size is checked at every reading, the hash once a process.
      await verifyFile(absolute, file, { hash: !verified.has(token) });
      verified.add(token);
      return absolute;
    },
  };
}

/** Renames the staged folder to its place; null when it went there, else the manifest that was there first. */
export async function moveIn(
  staged: string,
  target: string,
  existing: () => Promise<Manifest | null>,
): Promise<Manifest | null> {
  try {
    await rename(staged, target);
  } catch {
    const winner = await existing();
    if (winner !== null) return winner;
    await moveTornAside(target, `${staged}-torn`);
    await rename(staged, target);
  }
  await syncPath(dirname(target));
  return null;
}

/** A folder without a manifest (a copy cut short, say) is no object; it must not keep the object from being made. */
async function moveTornAside(target: string, aside: string): Promise<void> {
  await absentAsNull(rename(target, aside));
  await rm(aside, { recursive: true, force: true });
}

async function readManifest(folder: string, stageId: string): Promise<Manifest | null> {
  const text = await readIfThere(join(folder, MANIFEST));
  if (text === null) return null;
  return parseManifest(text, stageId, folder);
}

async function stageFiles(folder: string, files: readonly ObjectSource[]): Promise<readonly ObjectFile[]> {
  await makeFolder(folder);
  const described: ObjectFile[] = [];
  for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1)))
    described.push(await place(folder, file));
  return described;
}

async function place(folder: string, source: ObjectSource): Promise<ObjectFile> {
  const target = fileInside(folder, source.path);
  await makeFolder(dirname(target));
  if ('text' in source) await writeFile(target, source.text);
  else await copyFile(source.file, target, constants.COPYFILE_FICLONE);
  await syncPath(target);
  await syncPath(dirname(target));
  const sha256 = await sha256OfFile(target);
  if ('file' in source && source.sha256 !== undefined && source.sha256 !== sha256)
    throw new Error(
      `file ${source.file}: expected SHA-256 ${source.sha256}, got ${sha256}. It changed while it was imported.`,
    );
  return { path: source.path, bytes: (await stat(target)).size, sha256 };
}
