import { createHash, randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { missingAsNull, type S3Access } from './s3Access.js';
import { statusOf } from './s3Faults.js';

export interface S3Writes {
  /** Says whether it wrote; of many writers one is told so, even when the answer to it was lost. */
  putIfAbsent(key: string, text: string): Promise<boolean>;
  /** Puts the text in place of what is there now. */
  replace(key: string, text: string): Promise<void>;
  /** Puts bytes whose key is made from them, so that putting them twice is the same. */
  putBytes(key: string, bytes: Buffer): Promise<void>;
  delete(key: string): Promise<void>;
}

/** Says which write a stored text comes from, so that a writer whose answer was lost knows its own. */
const WRITER = 'lamdagent-writer';

export function createS3Writes(access: S3Access): S3Writes {
  const { asking, place, client } = access;
  return {
    putIfAbsent: (key, text) => {
      const writer = randomUUID();
      return asking('write', key, (signal) => putOnce(access, key, { text, writer, signal }));
    },
    replace: (key, text) => {
      const writer = randomUUID();
      return asking('replace', key, (signal) => putOver(access, key, { text, writer, signal }));
    },
    putBytes: (key, bytes) => asking('write', key, (signal) => put(access, key, { bytes, signal })),
    delete: (key) =>
      asking('delete', key, async (abortSignal) => {
        await client.send(new DeleteObjectCommand(place(key)), { abortSignal });
      }),
  };
}

interface Writing {
  readonly text: string;
  readonly writer: string;
  readonly signal: AbortSignal;
}

async function putOnce(access: S3Access, key: string, { text, writer, signal }: Writing): Promise<boolean> {
  const more = { IfNoneMatch: '*', Metadata: { [WRITER]: writer } };
  try {
    await put(access, key, { bytes: Buffer.from(text), signal, more });
    return true;
  } catch (error) {
    // The one that is there may be ours: its answer was lost and it was put again.
    if (statusOf(error) !== 412) throw error;
    return (await head(access, key, signal))?.Metadata?.[WRITER] === writer;
  }
}

async function putOver(access: S3Access, key: string, { text, writer, signal }: Writing): Promise<void> {
  const now = await head(access, key, signal);
  if (now?.Metadata?.[WRITER] === writer) return;
  // Tied to what is there now: a try that reaches the server late can't undo a later replacement.
  const condition = now === null ? { IfNoneMatch: '*' } : { IfMatch: now.ETag };
  const more = { ...condition, Metadata: { [WRITER]: writer } };
  await put(access, key, { bytes: Buffer.from(text), signal, more });
}

async function put(
  { client, place }: S3Access,
  key: string,
  {
    bytes,
    signal,
    more = {},
  }: {
    readonly bytes: Buffer;
    readonly signal: AbortSignal;
    readonly more?: Pick<PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch' | 'Metadata'>;
  },
): Promise<void> {
  // With its checksum the server refuses bytes that arrive changed.
  const ChecksumSHA256 = createHash('sha256').update(bytes).digest('base64');
  const command = new PutObjectCommand({ ...place(key), Body: bytes, ChecksumSHA256, ...more });
  await client.send(command, { abortSignal: signal });
}

function head({ client, place }: S3Access, key: string, abortSignal: AbortSignal) {
  return missingAsNull(client.send(new HeadObjectCommand(place(key)), { abortSignal }));
}
