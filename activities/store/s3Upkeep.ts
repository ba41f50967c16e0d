import type { StoredObject } from '../../domain/retention.js';
import { parseManifest } from './manifest.js';
import { checkedId, isStageId, MANIFEST } from './names.js';
import type { ObjectCache } from './objectCache.js';
import type { Bucket } from './s3Bucket.js';
import type { ListedKey } from './s3Reads.js';
import { abortUpload, unfinishedUploads } from './s3Unfinished.js';
import type { Leftover, Store } from './store.js';

/** A publisher may bring an object back while it goes; so often is it taken away again. */
const MOST_TURNS = 5;

/** What takes place in the bucket and in this machine's cache, and ways to give it back. */
export function createS3Upkeep(
  bucket: Bucket,
  cache: ObjectCache,
): Pick<Store, 'objects' | 'remove' | 'leftovers' | 'sweep'> {
  return {
    objects: async () => [...(await foldersOf(bucket, 'objects'))].flatMap(publishedOf),
    remove: async (stageId, confirm) => {
      const gone = await removeObject(bucket, checkedId(stageId), confirm);
      if (gone) await cache.drop(stageId);
      return gone;
    },
    leftovers: async (before) => {
      const objects = await foldersOf(bucket, 'objects');
      const published = new Set([...objects].flatMap(publishedOf).map(({ stageId }) => stageId));
      const areas = await foldersOf(bucket, 'work');
      return [
        ...stale(objects, before, {
          part: 'objects',
          kind: 'unpublished',
          isStale: (id) => !published.has(id),
        }),
        ...stale(areas, before, { part: 'work', kind: 'work', isStale: (id) => published.has(id) }),
        ...(await staleUploads(bucket, before)),
        ...(await cache.leftovers(before, (stageId) => published.has(stageId))),
      ];
    },
    sweep: async (leftover) => {
      const { kind, name } = leftover;
      if (kind === 'upload') await abortNamed(bucket, name);
      else if (cache.holds(leftover)) await cache.sweep(leftover);
      else for (const { key } of await bucket.list(`${name}/`, true)) await bucket.delete(key);
    },
  };
}

type Folders = ReadonlyMap<string, readonly ListedKey[]>;

/** All keys of `objects/` or `work/`, by stage id. */
async function foldersOf(bucket: Bucket, part: 'objects' | 'work'): Promise<Folders> {
  const folders = new Map<string, ListedKey[]>();
  for (const listed of await bucket.list(`${part}/`, true)) {
    const stageId = listed.key.split('/')[1] ?? '';
    if (isStageId(stageId)) folders.set(stageId, [...(folders.get(stageId) ?? []), listed]);
  }
  return folders;
}

function publishedOf([stageId, keys]: [string, readonly ListedKey[]]): readonly StoredObject[] {
  const manifest = keys.find(({ key }) => key === `objects/${stageId}/${MANIFEST}`);
  if (manifest === undefined) return [];
  return [{ stageId, bytes: bytesOf(keys), publishedAt: manifest.modifiedAt.toISOString() }];
}

function stale(
  folders: Folders,
  before: Date,
  { part, kind, isStale }: { part: string; kind: Leftover['kind']; isStale: (stageId: string) => boolean },
): readonly Leftover[] {
  return [...folders]
    .filter(([stageId, keys]) => isStale(stageId) && keys.every(({ modifiedAt }) => modifiedAt < before))
    .map(([stageId, keys]) => ({ kind, name: `${part}/${stageId}`, bytes: bytesOf(keys) }));
}

async function staleUploads(bucket: Bucket, before: Date): Promise<readonly Leftover[]> {
  const uploads = await unfinishedUploads(bucket, before);
  // S3 doesn't say how much of one has arrived.
  return uploads.map(({ key, uploadId }) => ({
    kind: 'upload',
    name: `${key}?uploadId=${uploadId}`,
    bytes: 0,
  }));
}

async function abortNamed(bucket: Bucket, name: string): Promise<void> {
  const [key = '', uploadId = ''] = name.split('?uploadId=');
  await abortUpload(bucket, { key, uploadId });
}

/** The manifest first, and again when a publisher put one while the files went. */
async function removeObject(
  bucket: Bucket,
  stageId: string,
  confirm: () => Promise<boolean> = () => Promise.resolve(true),
): Promise<boolean> {
  const key = `objects/${stageId}/${MANIFEST}`;
  const manifest = await bucket.get(key);
  if (manifest === null) return false;
  await bucket.delete(key);
  let goes = false;
  try {
    goes = await confirm();
  } finally {
    // Its files are all still there.
    if (!goes) await bucket.putIfAbsent(key, manifest.toString());
  }
  if (!goes || (await bucket.size(key)) !== null) return false;
  for (let turn = 0; turn < MOST_TURNS; turn += 1) {
    for (const file of await bucket.list(`objects/${stageId}/files/`)) await bucket.delete(file.key);
    const again = await bucket.get(key);
    if (again === null) return true;
    if (await isWhole(bucket, stageId, again.toString())) return false;
    await bucket.delete(key);
  }
  throw new Error(
    `object ${stageId}: expected to take it away, got it published again ${String(MOST_TURNS)} times. Try again later.`,
  );
}

/** Whether a publisher put the object back with all of its files. */
async function isWhole(bucket: Bucket, stageId: string, text: string): Promise<boolean> {
  const folder = `objects/${stageId}/files/`;
  const there = new Map((await bucket.list(folder)).map(({ key, bytes }) => [key, bytes]));
  const { files } = parseManifest(text, stageId, bucket.url(folder));
  return files.every(({ sha256, bytes }) => there.get(`${folder}${sha256}`) === bytes);
}

function bytesOf(keys: readonly ListedKey[]): number {
  return keys.reduce((sum, { bytes }) => sum + bytes, 0);
}
