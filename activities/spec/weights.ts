import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';

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

/** The identity of a model's weights, however spread over files; the GPU worker computes the same. */
export async function weightsFacts(files: readonly string[]): Promise<WeightsFacts> {
  const entries = (await Promise.all(files.map(readHeader)))
    .flat()
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const hash = createHash('sha256');
  for (const entry of entries) {
    hash.update(`${entry.name} ${entry.dtype} [${entry.shape.join(',')}]\n`);
    const handle = await open(entry.file, 'r');
    try {
      if (entry.end > entry.begin)
        for await (const chunk of handle.createReadStream({
          start: entry.begin,
          end: entry.end - 1,
          autoClose: false,
        }))
          hash.update(chunk as Buffer);
    } finally {
      await handle.close();
    }
  }
  const parameterCount = entries.reduce(
    (sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1),
    0,
  );
  return { weightsSha256: hash.digest('hex'), parameterCount };
}

async function readHeader(file: string): Promise<readonly TensorEntry[]> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const head = Buffer.alloc(8);
    await handle.read(head, 0, 8, 0);
    const length = Number(head.readBigUInt64LE());
    if (size < 8 || length > size - 8)
      throw new Error(`${basename(file)}: expected a safetensors header, got ${String(size)} bytes`);
    const text = Buffer.alloc(length);
    await handle.read(text, 0, length, 8);
    const header = JSON.parse(text.toString('utf8')) as Record<
      string,
      { dtype: string; shape: number[]; data_offsets: [number, number] }
    >;
    return Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(
        ([
          name,
          {
            dtype,
            shape,
            data_offsets: [begin, end],
          },
        ]) => ({
          name,
          dtype,
          shape,
          file,
          begin: 8 + length + begin,
          end: 8 + length + end,
        }),
      );
  } finally {
    await handle.close();
  }
}
