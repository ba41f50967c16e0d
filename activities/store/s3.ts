import { resolve } from 'node:path';
import { checkedKey, isKeyPart } from './names.js';
import { createObjectCache } from './objectCache.js';
import type { S3Connection } from './s3Access.js';
import { openBucket } from './s3Bucket.js';
import { parseS3Location } from './s3Location.js';
import { createS3Objects } from './s3Objects.js';
import { S3_LIMITS, type S3Limits } from './s3Retry.js';
import { createS3Upkeep } from './s3Upkeep.js';
import type { Store } from './store.js';

export interface S3StoreOptions {
  /** Verified local copies of objects; may be shared with the GPU worker. */
  readonly cacheFolder: string;
  /** Default: the standard AWS variables and profiles. */
  readonly connection?: S3Connection;
  readonly limits?: Partial<S3Limits>;
}

/** The store on S3, or on a server that speaks it with conditional writes (`If-None-Match`, `If-Match`). */
export function createS3Store(location: string, options: S3StoreOptions): Store {
  const limits = { ...S3_LIMITS, ...options.limits };
  const bucket = openBucket(parseS3Location(location), options.connection ?? {}, limits);
  const cache = createObjectCache(resolve(options.cacheFolder), bucket.url('objects'));
  return {
    location: bucket.location.text,
    ...createS3Objects(bucket, cache),
    ...createS3Upkeep(bucket, cache),
    putIfAbsent: async (key, text) => bucket.putIfAbsent(checkedKey(key), text),
    replace: async (key, text) => bucket.replace(checkedKey(key), text),
    read: async (key) => (await bucket.get(checkedKey(key)))?.toString() ?? null,
    list: async (prefix) => {
      const folder = `${checkedKey(prefix)}/`;
      const found = (await bucket.list(folder)).map(({ key }) => key);
      return found.filter((key) => isKeyPart(key.slice(folder.length))).sort();
    },
  };
}
