import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import type { S3Access } from './s3Access.js';
import { isGoneUpload } from './s3Faults.js';

/** An upload in parts that began and did not end. */
export interface UnfinishedUpload {
  readonly key: string;
  readonly uploadId: string;
}

/** The unfinished uploads under the store's prefix that began before `before`; at most a thousand. */
export function unfinishedUploads(
  { client, location, asking }: S3Access,
  before: Date,
): Promise<readonly UnfinishedUpload[]> {
  return asking('list uploads of', '', async (abortSignal) => {
    const command = new ListMultipartUploadsCommand({ Bucket: location.bucket, Prefix: location.prefix });
    const { Uploads = [] } = await client.send(command, { abortSignal });
    return Uploads.filter(({ Initiated }) => Initiated !== undefined && Initiated < before).map(
      ({ Key = '', UploadId = '' }) => ({ key: Key.slice(location.prefix.length), uploadId: UploadId }),
    );
  });
}

export function abortUpload(
  { client, place, asking }: S3Access,
  { key, uploadId }: UnfinishedUpload,
): Promise<void> {
  return asking('abort the upload of', key, async (abortSignal) => {
    const command = new AbortMultipartUploadCommand({ ...place(key), UploadId: uploadId });
    await client.send(command, { abortSignal }).catch((error: unknown) => {
      if (!isGoneUpload(error)) throw error;
    });
  });
}
