import { createHash } from 'node:crypto';

/** SHA-256 as S3 wants it: the server refuses bytes that arrive changed. */
export function sha256Base64(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64');
}
