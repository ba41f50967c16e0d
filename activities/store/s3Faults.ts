import { StoreFault } from './storeFault.js';

/** What to do with a request that failed: ask again, ask again since another writer was in between, or give up. */
export type S3Fault = 'transient' | 'contended' | 'permanent';

const TRANSIENT_STATUS = new Set([408, 425, 429]);
const TRANSIENT_NAMES = new Set([
  'AbortError',
  'RequestTimeout',
  'RequestTimeoutException',
  'SlowDown',
  'ThrottlingException',
  'TimeoutError',
]);
const TRANSIENT_CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
]);

/** The one table of S3's failures. A conditional write that met another one is answered 409 or 412; 404 when what it would replace is gone. */
export function faultOf(error: unknown): S3Fault {
  const status = statusOf(error);
  if (status === 409 || status === 412 || isMissing(error)) return 'contended';
  if (status !== null && (status >= 500 || TRANSIENT_STATUS.has(status))) return 'transient';
  if (TRANSIENT_NAMES.has(nameOf(error)) || TRANSIENT_CODES.has(fieldOf(error, 'code'))) return 'transient';
  // An upload whose end was answered but not heard, or that was cleaned away as stale.
  if (isGoneUpload(error)) return 'transient';
  return 'permanent';
}

/** A body that ended early. */
export class CutBody extends Error {
  override readonly name = 'CutBody';
  readonly code = 'ECONNRESET';
}

/** Nothing lies under the key; a bucket that isn't there is another matter. */
export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && nameOf(error) !== 'NoSuchBucket' && !isGoneUpload(error);
}

export function isGoneUpload(error: unknown): boolean {
  return nameOf(error) === 'NoSuchUpload';
}

/** HTTP status of the answer; null when there was none. */
export function statusOf(error: unknown): number | null {
  if (!(error instanceof Error && '$metadata' in error)) return null;
  return (error.$metadata as { readonly httpStatusCode?: number } | undefined)?.httpStatusCode ?? null;
}

/** The failure in words. It carries no cause: the SDK's errors hold the request with its signed headers. */
export function s3Error(what: string, error: unknown): StoreFault {
  const message = error instanceof Error ? error.message : String(error);
  const got = [nameOf(error), message].filter((part) => part !== '' && part !== 'Error').join(': ');
  return new StoreFault(`${what}: expected an answer, got ${got}. ${adviceFor(error)}`, {
    isUnreachable: faultOf(error) === 'transient',
  });
}

function adviceFor(error: unknown): string {
  const status = statusOf(error);
  if (status === 401 || status === 403) return 'Check the AWS credentials and what the bucket allows them.';
  if (nameOf(error) === 'NoSuchBucket') return 'Make the bucket, or mend LAMDAGENT_STORE.';
  if (nameOf(error).includes('Credentials'))
    return 'Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
  if (/region is missing/i.test(error instanceof Error ? error.message : '')) return 'Set AWS_REGION.';
  return 'Check the network, AWS_ENDPOINT_URL_S3 and AWS_REGION.';
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

function fieldOf(error: unknown, field: string): string {
  return error instanceof Error && field in error ? String((error as never)[field]) : '';
}
