import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Makes a folder; it and the names of all new folders above it are on the disk when this returns. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let at = folder; at.length >= first.length; at = dirname(at)) await syncPath(dirname(at));
}

/** Writes the text under a new name in `folder`; the bytes are on the disk when this returns. */
export async function stageText(folder: string, text: string): Promise<string> {
  await makeFolder(folder);
  const staged = join(folder, randomUUID());
  await writeSynced(staged, text);
  return staged;
}

export async function writeSynced(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Brings a file's bytes, or a folder's names, to the disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const CHUNK_BYTES = 2 ** 20;

/** SHA-256 of a file's bytes, read piece by piece into one buffer: most files are small, and each trial looks at several. */
export async function sha256OfFile(path: string): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const hash = createHash('sha256');
    const { size } = await handle.stat();
    const buffer = Buffer.allocUnsafe(Math.min(Math.max(size, 1), CHUNK_BYTES));
    for (let length = await readInto(handle, buffer); length > 0; length = await readInto(handle, buffer))
      hash.update(buffer.subarray(0, length));
    return hash.digest('hex');
  } finally {
    await handle.close();
  }
}

async function readInto(handle: FileHandle, buffer: Buffer): Promise<number> {
  return (await handle.read(buffer, 0, buffer.length)).bytesRead;
}

export function readIfThere(path: string): Promise<string | null> {
  return absentAsNull(readFile(path, 'utf8'));
}

export async function absentAsNull<T>(wanted: Promise<T>): Promise<T | null> {
  try {
    return await wanted;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** The system's code of an error, e.g. `EEXIST`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
