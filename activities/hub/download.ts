import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { absentAsNull, makeFolder, syncPath } from '../store/durable.js';
import { HubFault, type HubAccess, type Snapshot } from './access.js';
import { causeOf, getFromHub, HubUnreachable, persistently } from './request.js';
import type { HubFile } from './repository.js';

/** Ranges count the file's own bytes. */
const RAW = { 'accept-encoding': 'identity' };

/** Downloads of this process, so that two explorations that want one file write it once. */
const underWay = new Map<string, Promise<void>>();

/** The file's place on this machine. It has the size and hash that the hub says, or this throws. */
export async function downloaded(access: HubAccess, snapshot: Snapshot, file: HubFile): Promise<string> {
  const target = join(snapshotFolder(access, snapshot), ...checkedPath(file.path).split('/'));
  const running = underWay.get(target);
  const work = running ?? bring(access, snapshot, { file, target }).finally(() => underWay.delete(target));
  underWay.set(target, work);
  await work;
  return target;
}

export function snapshotFolder({ folder }: HubAccess, { kind, id, commit }: Snapshot): string {
  return join(folder, kind, id.replace('/', '--'), commit);
}

/** A listing comes from outside: its paths must stay inside. */
function checkedPath(path: string): string {
  const isPlain = path
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && !/[\\\0]/.test(part));
  if (isPlain) return path;
  throw new HubFault('plain file names in the repository', JSON.stringify(path), '');
}

interface Wanted {
  readonly file: HubFile;
  readonly target: string;
}

/** What came is kept in `….part`: a later try, or another process after this one was killed, goes on from there. */
async function bring(access: HubAccess, snapshot: Snapshot, { file, target }: Wanted): Promise<void> {
  if ((await sizeOf(target)) === file.bytes) return;
  await makeFolder(dirname(target));
  const part = `${target}.part`;
  await persistently(access, () => fetchRest(access, snapshot, { file, target: part }));
  await syncPath(part);
  await rename(part, target);
  await syncPath(dirname(target));
}

async function fetchRest(
  access: HubAccess,
  { kind, id, commit }: Snapshot,
  { file, target }: Wanted,
): Promise<void> {
  const have = (await sizeOf(target)) ?? 0;
  if (have < file.bytes || file.bytes === 0) {
    const path = `/${kind === 'models' ? '' : `${kind}/`}${id}/resolve/${commit}/${file.path.split('/').map(encodeURIComponent).join('/')}`;
    const range = have > 0 ? { range: `bytes=${String(have)}-` } : {};
    const response = await getFromHub(access, path, { ...RAW, ...range });
    const goesOn = response.status === 206 && startOf(response) === have;
    if (response.status === 416 || (response.status === 206 && !goesOn)) {
      await response.body?.cancel();
      await rm(target, { force: true });
      throw new HubUnreachable(`${file.path}: expected its bytes from ${String(have)} on, got others`);
    }
    await write(response, target, goesOn ? 'a' : 'w');
  }
  await verify(target, file);
}

function startOf({ headers }: Response): number | null {
  const [, start] = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '') ?? [];
  return start === undefined ? null : Number(start);
}

async function write(response: Response, target: string, flags: 'a' | 'w'): Promise<void> {
  const body = response.body === null ? [] : Readable.fromWeb(response.body as ReadableStream);
  try {
    await pipeline(body, createWriteStream(target, { flags }));
  } catch (error) {
    throw new HubUnreachable(`download: expected all bytes, got ${causeOf(error)}`);
  }
}

/** By SHA-256 where the hub has one, else by the id of its Git blob. What is wrong is thrown away and fetched again. */
async function verify(path: string, { path: name, bytes, oid, sha256 }: HubFile): Promise<void> {
  const size = (await sizeOf(path)) ?? 0;
  if (size < bytes) throw new HubUnreachable(`${name}: expected ${String(bytes)} bytes, got ${String(size)}`);
  const expected = sha256 ?? oid;
  const hash = sha256 === null ? createHash('sha1').update(`blob ${String(size)}\0`) : createHash('sha256');
  const found = size === bytes ? await hashOf(path, hash) : `${String(size)} bytes`;
  if (found === expected) return;
  await rm(path, { force: true });
  throw new HubUnreachable(`${name}: expected hash ${expected}, got ${found}`);
}

async function hashOf(path: string, hash: Hash): Promise<string> {
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function sizeOf(path: string): Promise<number | null> {
  return (await absentAsNull(stat(path)))?.size ?? null;
}
