import { access, constants, mkdir, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isS3 } from '../activities/store/s3Location.js';
import { formatBytes } from '../domain/bytes.js';
import type { Finding } from './doctor.js';
import type { Environment } from './env.js';
import { messageOf } from './fault.js';

/** A float32 model of 135M parameters with its optimizer is 1.6 GB. */
const LEAST_FREE_BYTES = 2 * 2 ** 30;

/** The home, and the disks of store and cache where they are others. */
export async function diskFindings({ home, store, cache }: Environment): Promise<readonly Finding[]> {
  const first = await homeFinding(home);
  const known = new Set([await diskOf(home)]);
  const others: Finding[] = [];
  for (const [variable, folder] of [
    ...(isS3(store) ? [] : [['LAMDAGENT_STORE', store] as const]),
    ['LAMDAGENT_CACHE', cache] as const,
  ]) {
    const disk = await diskOf(folder);
    if (known.has(disk)) continue;
    known.add(disk);
    others.push(await spaceFinding(`disk of ${variable}`, folder, variable));
  }
  return [first, ...others];
}

async function homeFinding(home: string): Promise<Finding> {
  const check = 'LAMDAGENT_HOME';
  try {
    await mkdir(home, { recursive: true });
    await access(home, constants.W_OK);
    return await spaceFinding(check, home, check);
  } catch (error) {
    const fix = 'Set LAMDAGENT_HOME to a folder you may write to.';
    return { check, ok: false, found: messageOf(error), fix };
  }
}

async function spaceFinding(check: string, folder: string, variable: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(await nearestFolder(folder));
  const free = bavail * bsize;
  return {
    check,
    ok: free >= LEAST_FREE_BYTES,
    found: `${folder}, ${formatBytes(free)} free`,
    fix: `Free at least ${formatBytes(LEAST_FREE_BYTES)} (\`npx lamdagent gc\` collects models that can be made again), or set ${variable}.`,
  };
}

/** Which disk a folder is on, or will be; null: it can't be told. */
async function diskOf(folder: string): Promise<number | null> {
  return stat(await nearestFolder(folder)).then(
    ({ dev }) => dev,
    () => null,
  );
}

/** The folder, or the nearest above it that is there. */
async function nearestFolder(folder: string): Promise<string> {
  for (let here = folder; ; here = dirname(here)) {
    const isThere = await stat(here).then(
      () => true,
      () => false,
    );
    if (isThere || dirname(here) === here) return here;
  }
}
