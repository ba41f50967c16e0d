import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { isMissing } from './s3Faults.js';
import type { S3Location } from './s3Location.js';
import { persistently, type S3Limits } from './s3Retry.js';

/** Where the server is and who asks; what isn't given comes from the standard AWS variables and profiles. */
export type S3Connection = Pick<S3ClientConfig, 'endpoint' | 'region' | 'credentials'>;

/** What every request needs. Keys are those of the store, under the location's prefix. */
export interface S3Access {
  readonly location: S3Location;
  readonly limits: S3Limits;
  /** Asks once a call; `asking` asks again. */
  readonly client: S3Client;
  /** Asks again by itself; only for requests that may be done twice. */
  readonly patientClient: S3Client;
  /** The parameters that name a key. */
  place(key: string): { readonly Bucket: string; readonly Key: string };
  /** `s3://bucket/key`, for messages. */
  url(key: string): string;
  /** Asks until there is an answer; `verb` and the key name the request in the error. */
  asking<T>(verb: string, key: string, ask: (abortSignal: AbortSignal) => Promise<T>): Promise<T>;
}

export function openAccess(location: S3Location, connection: S3Connection, limits: S3Limits): S3Access {
  const url = (key: string): string => `s3://${location.bucket}/${location.prefix}${key}`;
  return {
    location,
    limits,
    client: clientOf(connection, 1, limits),
    patientClient: clientOf(connection, limits.tries, limits),
    place: (key) => ({ Bucket: location.bucket, Key: `${location.prefix}${key}` }),
    url,
    asking: (verb, key, ask) => persistently(`${verb} ${url(key)}`, ask, limits),
  };
}

/** The answer, or null when nothing lies under the key. */
export async function missingAsNull<T>(wanted: Promise<T>): Promise<T | null> {
  try {
    return await wanted;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
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
