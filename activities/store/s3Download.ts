import { open, type FileHandle } from 'node:fs/promises';
import type { Bucket } from './s3Bucket.js';

/** Parts under way at a time. */
const LANES = 4;

/**
 * Downloads a key of known size to a new file, in parts; the bytes are on the disk when this returns.
 *
 * @throws when the key is gone or holds another number of bytes than `bytes`
 */
export async function download(
  bucket: Bucket,
  key: string,
  { file, bytes, shown }: { readonly file: string; readonly bytes: number; readonly shown: string },
): Promise<void> {
  const size = await bucket.size(key);
  if (size !== bytes)
    throw new Error(
      `file ${shown}: expected ${String(bytes)} bytes, got ${String(size ?? 'none')}. ` +
        'Remove the object; it is made again from its recipe.',
    );
  const handle = await open(file, 'w');
  try {
    await inParts(bucket, key, { handle, bytes });
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function inParts(
  bucket: Bucket,
  key: string,
  { handle, bytes }: { readonly handle: FileHandle; readonly bytes: number },
): Promise<void> {
  const { partBytes } = bucket.limits;
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < bytes) {
      const first = next;
      next = Math.min(first + partBytes, bytes);
      const part = await bucket.get(key, { first, last: next - 1 });
      if (part === null) throw new Error(`file ${bucket.url(key)}: expected it in the store, got none`);
      await handle.write(part, 0, part.length, first);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
