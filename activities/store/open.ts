import { createFolderStore } from './folder.js';
import { createS3Store } from './s3.js';
import { isS3 } from './s3Location.js';
import type { Store } from './store.js';

/** The store at a folder or at `s3://bucket/prefix`; `cacheFolder` keeps local copies of the latter's objects. */
export function openStore(location: string, cacheFolder: string): Store {
  return isS3(location) ? createS3Store(location, { cacheFolder }) : createFolderStore(location);
}
