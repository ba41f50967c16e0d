import type { Manifest, ObjectFile } from '../../domain/outcome.js';
import { parseManifest } from './manifest.js';
import { checkedId, fileInside, MANIFEST } from './names.js';
import type { ObjectCache } from './objectCache.js';
import type { Bucket } from './s3Bucket.js';
import { download } from './s3Download.js';
import { describeSource, uploadSource } from './s3Upload.js';
import type { ObjectSource, Store } from './store.js';

const folderOf = (stageId: string): string => `objects/${checkedId(stageId)}`;
const manifestKey = (stageId: string): string => `${folderOf(stageId)}/${MANIFEST}`;

/** A file's key is its content, so that two publishers of an object never overwrite each other's bytes. */
const fileKey = (stageId: string, { sha256 }: ObjectFile): string => `${folderOf(stageId)}/files/${sha256}`;

/** The objects of an S3 store: `objects/<stageId>/files/<sha256>`, then `manifest.json`, put once. */
export function createS3Objects(
  bucket: Bucket,
  cache: ObjectCache,
): Pick<Store, 'manifest' | 'publish' | 'openFile'> {
  const manifest = async (stageId: string): Promise<Manifest | null> => {
    const text = await bucket.get(manifestKey(stageId));
    return text && parseManifest(text.toString(), stageId, bucket.url(folderOf(stageId)));
  };
  return {
    manifest,
    publish: async (stageId, kind, files, result) => {
      const known = await manifest(stageId);
      if (known !== null) return known;
      const described = await uploadAll(bucket, stageId, files);
      const made: Manifest = { schemaVersion: 1, stageId, kind, files: described, result };
      return putManifest(bucket, made, () => manifest(stageId));
    },
    openFile: async (stageId, path) => {
      const found = await manifest(stageId);
      const file = found?.files.find((one) => one.path === path);
      if (!found || file === undefined)
        throw new Error(`object ${stageId}: expected a published file ${path}, got none`);
      return cache.open(found, file, async (one, target) => {
        const shown = `${bucket.url(folderOf(stageId))}/${one.path}`;
        await download(bucket, fileKey(stageId, one), { file: target, bytes: one.bytes, shown });
      });
    },
  };
}

/** Of two publishers the first one's manifest stays; one that is collected meanwhile makes room for ours. */
async function putManifest(
  bucket: Bucket,
  made: Manifest,
  existing: () => Promise<Manifest | null>,
): Promise<Manifest> {
  for (;;) {
    if (await bucket.putIfAbsent(manifestKey(made.stageId), JSON.stringify(made))) return made;
    const winner = await existing();
    if (winner !== null) return winner;
  }
}

async function uploadAll(
  bucket: Bucket,
  stageId: string,
  files: readonly ObjectSource[],
): Promise<readonly ObjectFile[]> {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const { path } of sorted) fileInside(`/${folderOf(stageId)}`, path);
  const described: ObjectFile[] = [];
  const uploaded = new Set<string>();
  for (const source of sorted) {
    const file = await describeSource(source);
    if (!uploaded.has(file.sha256))
      await uploadSource(bucket, fileKey(stageId, file), { source, described: file });
    uploaded.add(file.sha256);
    described.push(file);
  }
  return described;
}
