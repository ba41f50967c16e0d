import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type GetObjectCommandOutput,
  type ListObjectsV2CommandOutput,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { sha256Base64 } from './s3Checksum.js';
import { CutBody, isMissing, statusOf } from './s3Faults.js';
import type { S3Location } from './s3Location.js';
import { persistently, type S3Limits } from './s3Retry.js';

/** Where the server is and who asks; what isn't given comes from the standard AWS variables and profiles. */
export type S3Connection = Pick<S3ClientConfig, 'endpoint' | 'region' | 'credentials'>;

/** Says which write a stored text comes from, so that a writer whose answer was lost knows its own. */
const WRITER = 'lamdagent-writer';

/** The requests a store needs, on keys under the location's prefix. Each is asked until there is an answer. */
export interface Bucket {
  readonly location: S3Location;
  readonly limits: S3Limits;
  /** Retries by itself; only for requests that may be done twice. */
  readonly patientClient: S3Client;
  /** `s3://bucket/key`, for messages. */
  url(key: string): string;
  /** Bytes of the object, or of a range of it (both ends included); null when there is none. */
  get(key: string, range?: { readonly first: number; readonly last: number }): Promise<Buffer | null>;
  putIfAbsent(key: string, text: string): Promise<boolean>;
  /** Puts the text in place of what is there now. */
  replace(key: string, text: string): Promise<void>;
  /** Puts bytes whose key is made from them, so that putting them twice is the same. */
  putBytes(key: string, bytes: Buffer): Promise<void>;
  /** Size in bytes; null when there is none. */
  size(key: string): Promise<number | null>;
  /** All keys that begin with `folder` and have no slash after it; with `deep`, also those that have. */
  list(folder: string, deep?: boolean): Promise<readonly ListedKey[]>;
  delete(key: string): Promise<void>;
}

export interface ListedKey {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

export function openBucket(location: S3Location, connection: S3Connection, limits: S3Limits): Bucket {
  const [client, patientClient] = [1, limits.tries].map((tries) => clientOf(connection, tries, limits)) as [
    S3Client,
    S3Client,
  ];
  const place = (key: string) => ({ Bucket: location.bucket, Key: `${location.prefix}${key}` });
  const url = (key: string): string => `s3://${location.bucket}/${location.prefix}${key}`;
  const asking = <T>(verb: string, key: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    persistently(`${verb} ${url(key)}`, ask, limits);
  const head = (key: string, abortSignal: AbortSignal) =>
    absentAsNull(client.send(new HeadObjectCommand(place(key)), { abortSignal }));
  const put = (key: string, body: Buffer, more: object, abortSignal: AbortSignal) =>
    client.send(
      new PutObjectCommand({ ...place(key), Body: body, ChecksumSHA256: sha256Base64(body), ...more }),
      { abortSignal },
    );

  return {
    location,
    limits,
    patientClient,
    url,
    get: (key, range) =>
      asking('read', key, async (abortSignal) => {
        const more =
          range === undefined ? {} : { Range: `bytes=${String(range.first)}-${String(range.last)}` };
        const answer = await absentAsNull(
          client.send(new GetObjectCommand({ ...place(key), ...more }), { abortSignal }),
        );
        return answer === null ? null : wholeBody(answer);
      }),
    putIfAbsent: (key, text) => {
      const writer = randomUUID();
      const more = { IfNoneMatch: '*', Metadata: { [WRITER]: writer } };
      return asking('write', key, async (signal) => {
        try {
          await put(key, Buffer.from(text), more, signal);
          return true;
        } catch (error) {
          // The one that is there may be ours: its answer was lost and it was put again.
          if (statusOf(error) !== 412) throw error;
          return (await head(key, signal))?.Metadata?.[WRITER] === writer;
        }
      });
    },
    replace: (key, text) => {
      const writer = randomUUID();
      return asking('replace', key, async (signal) => {
        const now = await head(key, signal);
        if (now?.Metadata?.[WRITER] === writer) return;
        // Tied to what is there now: a try that reaches the server late can't undo a later replacement.
        const condition = now === null ? { IfNoneMatch: '*' } : { IfMatch: now.ETag };
        await put(key, Buffer.from(text), { ...condition, Metadata: { [WRITER]: writer } }, signal);
      });
    },
    putBytes: (key, bytes) =>
      asking('write', key, async (signal) => {
        await put(key, bytes, {}, signal);
      }),
    size: (key) => asking('look at', key, async (signal) => (await head(key, signal))?.ContentLength ?? null),
    list: async (folder, deep = false) => {
      const found: ListedKey[] = [];
      let after: string | undefined;
      do {
        const page = await asking('list', folder, (abortSignal) =>
          client.send(
            new ListObjectsV2Command({
              Bucket: location.bucket,
              Prefix: `${location.prefix}${folder}`,
              MaxKeys: limits.pageKeys,
              ...(deep ? {} : { Delimiter: '/' }),
              ...(after === undefined ? {} : { ContinuationToken: after }),
            }),
            { abortSignal },
          ),
        );
        found.push(...listed(page, location.prefix.length));
        after = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      } while (after !== undefined);
      return found;
    },
    delete: (key) =>
      asking('delete', key, async (abortSignal) => {
        await client.send(new DeleteObjectCommand(place(key)), { abortSignal });
      }),
  };
}

function clientOf(connection: S3Connection, maxAttempts: number, { timeLimitMs }: S3Limits): S3Client {
  return new S3Client({
    ...connection,
    maxAttempts,
    // Other servers than AWS' know no other style, and AWS' still know this one.
    forcePathStyle: true,
    requestHandler: {
      connectionTimeout: Math.min(timeLimitMs, 10_000),
      requestTimeout: timeLimitMs,
      throwOnRequestTimeout: true,
    },
  });
}

async function wholeBody({ Body, ContentLength }: GetObjectCommandOutput): Promise<Buffer> {
  const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
  if (ContentLength !== undefined && bytes.length !== ContentLength)
    throw new CutBody(`${String(bytes.length)} of ${String(ContentLength)} bytes`);
  return bytes;
}

function listed(page: ListObjectsV2CommandOutput, prefixLength: number): readonly ListedKey[] {
  return (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified = new Date(0) }) => ({
    key: Key.slice(prefixLength),
    bytes: Size,
    modifiedAt: LastModified,
  }));
}

async function absentAsNull<T>(wanted: Promise<T>): Promise<T | null> {
  try {
    return await wanted;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
