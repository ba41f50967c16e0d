import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';

/** Where a tensor's raw bytes lie: `file`[begin, end), row-major, little-endian. */
interface TensorEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly file: string;
  readonly begin: number;
  readonly end: number;
}

export interface WeightsFacts {
  /** SHA-256 over the tensors in name order: the line `name dtype [shape]` and the raw bytes of each. */
  readonly weightsSha256: string;
  readonly parameterCount: number;
}

/** A file that is no whole safetensors file. */
export class BrokenWeights extends Error {
  override readonly name = 'BrokenWeights';
}

const HeaderSchema = z.record(
  z.string(),
  z.object({
    dtype: z.string(),
    shape: z.array(z.int().min(0)),
    data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
  }),
);
/** The format's own limit (https://github.com/huggingface/safetensors): no header is larger. */
const LONGEST_HEADER = 100_000_000;

/** The identity of a model's weights, however spread over files; the GPU worker computes the same. */
export async function weightsFacts(files: readonly string[]): Promise<WeightsFacts> {
  const entries = await tensorEntries(files);
  const hash = createHash('sha256');
  for (const { name, dtype, shape, file, begin, end } of entries) {
    hash.update(`${name} ${dtype} [${shape.join(',')}]\n`);
    if (end > begin) for await (const chunk of bytesOf(file, begin, end)) hash.update(chunk);
  }
  const parameterCount = entries
    .map(({ shape }) => shape.reduce((product, size) => product * size, 1))
    .reduce((total, one) => total + one, 0);
  return { weightsSha256: hash.digest('hex'), parameterCount };
}

/** All tensors of the files, in the order of their names' UTF-8 bytes. Throws BrokenWeights. */
export async function tensorEntries(files: readonly string[]): Promise<readonly TensorEntry[]> {
  const entries = (await Promise.all(files.map(readHeader))).flat();
  const sorted = entries.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  sorted.forEach(({ name, file }, index) => {
    if (sorted[index + 1]?.name === name)
      throw new BrokenWeights(`${basename(file)}: expected tensor ${name} once, got it twice`);
  });
  return sorted;
}

async function readHeader(file: string): Promise<readonly TensorEntry[]> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const head = Buffer.alloc(8);
    await handle.read(head, 0, 8, 0);
    const length = Number(head.readBigUInt64LE());
    if (size < 8 || length > Math.min(size - 8, LONGEST_HEADER)) throw brokenHeader(file, size);
    const text = Buffer.alloc(length);
    await handle.read(text, 0, length, 8);
    const header = parsedHeader(text.toString('utf8'));
    if (header === null) throw brokenHeader(file, size);
    return Object.entries(header).map(([name, entry]) =>
      entryOf(name, entry, { file, size, start: 8 + length }),
    );
  } finally {
    await handle.close();
  }
}

function parsedHeader(text: string): z.infer<typeof HeaderSchema> | null {
  try {
    const { __metadata__: _, ...tensors } = JSON.parse(text) as Record<string, unknown>;
    return HeaderSchema.safeParse(tensors).data ?? null;
  } catch {
    return null;
  }
}

function entryOf(
  name: string,
  { dtype, shape, data_offsets: [first, last] }: z.infer<typeof HeaderSchema>[string],
  { file, size, start }: { readonly file: string; readonly size: number; readonly start: number },
): TensorEntry {
  if (first > last || start + last > size)
    throw new BrokenWeights(
      `${basename(file)}: expected tensor ${name} up to byte ${String(start + last)}, got a file of ${String(size)}`,
    );
  return { name, dtype, shape, file, begin: start + first, end: start + last };
}

function brokenHeader(file: string, size: number): BrokenWeights {
  return new BrokenWeights(
    `${basename(file)}: expected a safetensors header, got ${String(size)} other bytes`,
  );
}

async function* bytesOf(file: string, begin: number, end: number): AsyncGenerator<Buffer> {
  const handle = await open(file, 'r');
  try {
    const options = { start: begin, end: end - 1, autoClose: false, highWaterMark: 1 << 20 };
    for await (const chunk of handle.createReadStream(options)) yield chunk as Buffer;
  } finally {
    await handle.close();
  }
}
