import { isKeyPart } from './names.js';

/** A place in a bucket; all keys of the store begin with `prefix`, which is empty or ends with a slash. */
export interface S3Location {
  readonly bucket: string;
  readonly prefix: string;
  /** `s3://bucket/prefix`, for people. */
  readonly text: string;
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export function isS3(location: string): boolean {
  return location.startsWith('s3://');
}

/** Parses `s3://bucket` or `s3://bucket/a/prefix`. */
export function parseS3Location(location: string): S3Location {
  const [bucket = '', ...parts] = location.slice('s3://'.length).replace(/\/$/, '').split('/');
  if (!isS3(location) || !BUCKET.test(bucket) || !parts.every(isKeyPart))
    throw new Error(
      `store: expected a folder or s3://bucket/prefix with plain names, got ${JSON.stringify(location)}. Set LAMDAGENT_STORE.`,
    );
  return {
    bucket,
    prefix: parts.map((part) => `${part}/`).join(''),
    text: `s3://${[bucket, ...parts].join('/')}`,
  };
}
