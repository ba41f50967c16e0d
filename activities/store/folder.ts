import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import {
  copyFile,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { Manifest, ObjectFile } from '../../domain/outcome.js';
import type { ObjectSource, Store } from './store.js';

const STAGE_ID = /^[0-9a-f]{64}$/;
const KEY_PART = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** The store on a local folder; the same layout as the GPU worker's. */
export function createFolderStore(folder: string): Store {
  const root = resolve(folder);
  const verified = new Set<string>();
  const objectFolder = (stageId: string): string => join(root, 'objects', checkedId(stageId));

  const store: Store = {
    location: root,
    putIfAbsent: async (key, text) => {
      const target = pathOf(root, key);
      const staged = await stage(root, text);
      try {
        await mkdir(dirname(target), { recursive: true });
        await link(staged, target);
        await syncPath(dirname(target));
        return true;
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return false;
        throw error;
      } finally {
        await rm(staged);
      }
    },
    replace: async (key, text) => {
      const target = pathOf(root, key);
      await mkdir(dirname(target), { recursive: true });
      await rename(await stage(root, text), target);
      await syncPath(dirname(target));
    },
    read: (key) => readIfThere(pathOf(root, key)),
    list: async (prefix) => {
      const names = await absentAsNull(readdir(pathOf(root, prefix), { withFileTypes: true }));
      const files = (names ?? []).filter((entry) => entry.isFile()).map((entry) => `${prefix}/${entry.name}`);
      return files.sort();
    },
    manifest: async (stageId) => {
      const text = await readIfThere(join(objectFolder(stageId), 'manifest.json'));
      return text === null ? null : (JSON.parse(text) as Manifest);
    },
    publish: async (stageId, kind, files, result) => {
      const target = objectFolder(stageId);
      const staged = join(root, 'tmp', randomUUID());
      await mkdir(staged, { recursive: true });
      const described: ObjectFile[] = [];
      for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1)))
        described.push(await place(staged, file));
      const manifest: Manifest = { schemaVersion: 1, stageId, kind, files: described, result };
      await writeSynced(join(staged, 'manifest.json'), JSON.stringify(manifest));
      await syncPath(staged);
      await mkdir(dirname(target), { recursive: true });
      try {
        await rename(staged, target);
      } catch (error) {
        await rm(staged, { recursive: true, force: true });
        const existing = await store.manifest(stageId);
        if (existing === null) throw error;
        return existing;
      }
      await syncPath(dirname(target));
      return manifest;
    },
    openFile: async (stageId, path) => {
      const manifest = await store.manifest(stageId);
      const file = manifest?.files.find((one) => one.path === path);
      if (file === undefined)
        throw new Error(`object ${stageId}: expected a published file ${path}, got none`);
      const absolute = inside(objectFolder(stageId), path);
      const token = `${stageId}/${path}`;
      if (!verified.has(token)) await verify(absolute, file);
      verified.add(token);
      return absolute;
    },
  };
  return store;
}

function checkedId(stageId: string): string {
  if (!STAGE_ID.test(stageId))
    throw new Error(`stage id: expected 64 hexadecimal digits, got ${JSON.stringify(stageId)}`);
  return stageId;
}

/** The file of a key; keys that would leave the root are refused. */
function pathOf(root: string, key: string): string {
  if (!key.split('/').every((part) => KEY_PART.test(part)))
    throw new Error(`store key: expected plain names between slashes, got ${JSON.stringify(key)}`);
  return join(root, ...key.split('/'));
}

function inside(folder: string, path: string): string {
  const absolute = resolve(folder, path);
  if (!absolute.startsWith(folder + sep))
    throw new Error(`object file: expected a path inside the object, got ${path}`);
  return absolute;
}

async function stage(root: string, text: string): Promise<string> {
  await mkdir(join(root, 'tmp'), { recursive: true });
  const staged = join(root, 'tmp', randomUUID());
  await writeSynced(staged, text);
  return staged;
}

async function place(folder: string, source: ObjectSource): Promise<ObjectFile> {
  const target = inside(folder, source.path);
  await mkdir(dirname(target), { recursive: true });
  if ('text' in source) await writeFile(target, source.text);
  else await copyFile(source.file, target, constants.COPYFILE_FICLONE);
  await syncPath(target);
  return { path: source.path, bytes: (await stat(target)).size, sha256: await sha256OfFile(target) };
}

/** SHA-256 of a file's bytes, streamed. */
export async function sha256OfFile(path: string): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const hash = createHash('sha256');
    for await (const chunk of handle.createReadStream({ autoClose: false })) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } finally {
    await handle.close();
  }
}

async function verify(path: string, file: ObjectFile): Promise<void> {
  const bytes = (await absentAsNull(stat(path)))?.size ?? 0;
  if (bytes !== file.bytes)
    throw new Error(`file ${path}: expected ${String(file.bytes)} bytes, got ${String(bytes)}`);
  const actual = await sha256OfFile(path);
  if (actual !== file.sha256) throw new Error(`file ${path}: expected SHA-256 ${file.sha256}, got ${actual}`);
}

async function writeSynced(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function readIfThere(path: string): Promise<string | null> {
  return absentAsNull(readFile(path, 'utf8'));
}

async function absentAsNull<T>(wanted: Promise<T>): Promise<T | null> {
  try {
    return await wanted;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
