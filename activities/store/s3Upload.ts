import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Upload } from '@aws-sdk/lib-storage';
import type { ObjectFile } from '../../domain/outcome.js';
import { sha256OfFile } from './durable.js';
import type { Bucket } from './s3Bucket.js';
import { persistently } from './s3Retry.js';
import type { ObjectSource } from './store.js';

/** S3's most parts of one upload. */
const MOST_PARTS = 10_000;

/** The file's entry of the manifest. */
export async function describeSource(source: ObjectSource): Promise<ObjectFile> {
  const { path } = source;
  if ('text' in source) {
    const bytes = Buffer.from(source.text);
    return { path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }
  const sha256 = await sha256OfFile(source.file);
  if (source.sha256 !== undefined && source.sha256 !== sha256)
    throw changed(source.file, source.sha256, sha256);
  return { path, bytes: (await stat(source.file)).size, sha256 };
}

/** Puts the bytes under the key, a large file in parts; nothing is there unless all bytes are the described ones. */
export async function uploadSource(
  bucket: Bucket,
  key: string,
  { source, described }: { readonly source: ObjectSource; readonly described: ObjectFile },
): Promise<void> {
  if ('text' in source) await bucket.putBytes(key, Buffer.from(source.text));
  else if (described.bytes <= bucket.limits.partBytes) await uploadSmall(bucket, key, { source, described });
  else await uploadParts(bucket, key, { file: source.file, described });
}

async function uploadSmall(
  bucket: Bucket,
  key: string,
  { source, described }: { readonly source: { readonly file: string }; readonly described: ObjectFile },
): Promise<void> {
  const bytes = await readFile(source.file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== described.sha256) throw changed(source.file, described.sha256, sha256);
  await bucket.putBytes(key, bytes);
}

/** Each part is retried by the client; when that gives up the upload begins anew. */
async function uploadParts(
  bucket: Bucket,
  key: string,
  { file, described }: { readonly file: string; readonly described: ObjectFile },
): Promise<void> {
  const { location, limits, patientClient } = bucket;
  const attempt = async (): Promise<void> => {
    const upload = new Upload({
      client: patientClient,
      partSize: Math.max(limits.partBytes, Math.ceil(described.bytes / MOST_PARTS)),
      params: {
        Bucket: location.bucket,
        Key: `${location.prefix}${key}`,
        Body: Readable.from(describedBytes(file, described.sha256), { objectMode: false }),
        ChecksumAlgorithm: 'SHA256',
      },
    });
    try {
      await upload.done();
    } catch (error) {
      // Done already: the answer to its last request was lost, and the client asked again.
      if ((await bucket.size(key)) !== described.bytes) throw error;
    }
  };
  // Its parts are limited in time, each by itself.
  await persistently(`write ${bucket.url(key)}`, attempt, { ...limits, timeLimitMs: Infinity });
}

/** The file's bytes; fails before the last ones are stored if they aren't the described ones. */
async function* describedBytes(file: string, sha256: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    yield chunk;
  }
  const found = hash.digest('hex');
  if (found !== sha256) throw changed(file, sha256, found);
}

function changed(file: string, expected: string, got: string): Error {
  return new Error(
    `file ${file}: expected SHA-256 ${expected}, got ${got}. It changed while it was imported.`,
  );
}
