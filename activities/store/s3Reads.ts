import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type GetObjectCommandOutput,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';
import { missingAsNull, type S3Access } from './s3Access.js';
import { CutBody } from './s3Faults.js';

export interface ListedKey {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

export interface S3Reads {
  /** Bytes of the object, or of a range of it (both ends included); null when there is none. */
  get(key: string, range?: { readonly first: number; readonly last: number }): Promise<Buffer | null>;
  /** Size in bytes; null when there is none. */
  size(key: string): Promise<number | null>;
  /** All keys that begin with `folder` and have no slash after it; with `deep`, also those that have. */
  list(folder: string, deep?: boolean): Promise<readonly ListedKey[]>;
}

export function createS3Reads(access: S3Access): S3Reads {
  const { client, place, asking } = access;
  return {
    get: (key, range) =>
      asking('read', key, async (abortSignal) => {
        const part = range && { Range: `bytes=${String(range.first)}-${String(range.last)}` };
        const command = new GetObjectCommand({ ...place(key), ...part });
        const answer = await missingAsNull(client.send(command, { abortSignal }));
        return answer && wholeBody(answer);
      }),
    size: (key) =>
      asking('look at', key, async (abortSignal) => {
        const answer = await missingAsNull(client.send(new HeadObjectCommand(place(key)), { abortSignal }));
        return answer?.ContentLength ?? null;
      }),
    list: async (folder, deep = false) => {
      const found: ListedKey[] = [];
      let page: ListObjectsV2CommandOutput | null = null;
      do {
        page = await nextPage(access, folder, { deep, after: page?.NextContinuationToken });
        found.push(...listed(page, access.location.prefix.length));
      } while (page.IsTruncated === true);
      return found;
    },
  };
}

function nextPage(
  { client, location, limits, asking }: S3Access,
  folder: string,
  { deep, after }: { readonly deep: boolean; readonly after: string | undefined },
): Promise<ListObjectsV2CommandOutput> {
  const command = new ListObjectsV2Command({
    Bucket: location.bucket,
    Prefix: `${location.prefix}${folder}`,
    MaxKeys: limits.pageKeys,
    ...(deep ? {} : { Delimiter: '/' }),
    ...(after === undefined ? {} : { ContinuationToken: after }),
  });
  return asking('list', folder, (abortSignal) => client.send(command, { abortSignal }));
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
