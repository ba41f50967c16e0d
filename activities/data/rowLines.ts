import { linesOf, type Row } from '../spec/lines.js';

/** A row of a checked dataset. */
export interface RowLine {
  readonly bytes: Buffer;
  /** Where its line begins in the file. */
  readonly offset: number;
}

/** The rows of a JSONL file, without its empty lines. */
export async function* rowLines(file: string): AsyncGenerator<RowLine> {
  let offset = 0;
  for await (const bytes of linesOf(file)) {
    if (!isBlank(bytes)) yield { bytes, offset };
    offset += bytes.length + 1;
  }
}

export function rowOf({ bytes }: Pick<RowLine, 'bytes'>): Row {
  return JSON.parse(bytes.toString('utf8')) as Row;
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
