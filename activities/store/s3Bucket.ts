import { openAccess, type S3Access, type S3Connection } from './s3Access.js';
import type { S3Location } from './s3Location.js';
import { createS3Reads, type S3Reads } from './s3Reads.js';
import type { S3Limits } from './s3Retry.js';
import { createS3Writes, type S3Writes } from './s3Writes.js';

/** The requests a store needs, on keys under the location's prefix. Each is asked until there is an answer. */
export type Bucket = S3Access & S3Reads & S3Writes;

export function openBucket(location: S3Location, connection: S3Connection, limits: S3Limits): Bucket {
  const access = openAccess(location, connection, limits);
  return { ...access, ...createS3Reads(access), ...createS3Writes(access) };
}
