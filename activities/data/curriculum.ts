import { open } from 'node:fs/promises';
import { partsOfRow } from '../../domain/data/rowParts.js';
import { onlyInput, type Derive } from './derivation.js';
import { rowLines, rowOf } from './rowLines.js';

/** Where a row's line lies, and its measure. */
interface Places {
  readonly offsets: readonly number[];
  readonly lengths: readonly number[];
  readonly measures: readonly number[];
}

/** The rows by their measure; rows of one measure stay in their order. Holds places and measures, never rows. */
export const curriculum: Derive = (inputs, { by, order }) => {
  const { file } = onlyInput(inputs);
  return { lines: ordered(file, by === 'rowLength', order === 'descending' ? -1 : 1), leftOut: {} };
};

async function* ordered(file: string, whole: boolean, sign: 1 | -1): AsyncGenerator<Buffer> {
  const { offsets, lengths, measures } = await placesOf(file, whole);
  const measure = (row: number): number => measures[row] ?? 0;
  const rows = Uint32Array.from(measures.keys()).sort((a, b) => sign * (measure(a) - measure(b)) || a - b);
  const handle = await open(file, 'r');
  try {
    for (const row of rows) {
      const bytes = Buffer.alloc(lengths[row] ?? 0);
      await handle.read(bytes, 0, bytes.length, offsets[row] ?? 0);
      yield bytes;
    }
  } finally {
    await handle.close();
  }
}

async function placesOf(file: string, whole: boolean): Promise<Places> {
  const offsets: number[] = [];
  const lengths: number[] = [];
  const measures: number[] = [];
  for await (const line of rowLines(file)) {
    const { prompt, answers } = partsOfRow(rowOf(line));
    offsets.push(line.offset);
    lengths.push(line.bytes.length);
    measures.push((whole ? [prompt, ...answers] : answers).reduce((sum, text) => sum + [...text].length, 0));
  }
  return { offsets, lengths, measures };
}
