import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { isShallow } from '../../domain/nesting.js';
import { shown, type Fault } from './faults.js';

export type Row = Readonly<Record<string, unknown>>;
export interface NumberedRow {
  /** `file:line`, 1-based. */
  readonly place: string;
  readonly line: number;
  readonly row: Row;
}
/** How a file's bytes are read. */
type OpenFile = (file: string) => Readable;
const NEWLINE = 0x0a;

/** The rows of a JSONL file, one at a time, so that a file of any size fits; lines that are none go to `onFault`. */
export async function* readRows(
  file: string,
  onFault: (fault: Fault) => void,
  open: OpenFile = opened,
): AsyncGenerator<NumberedRow> {
  let number = 0;
  for await (const bytes of linesOf(file, open)) {
    number += 1;
    const place = `${file}:${String(number)}`;
    const text = decoded(bytes);
    if (text?.trim() === '') continue;
    const row = text === null ? null : objectOf(text);
    if (row !== null) yield { place, line: number, row };
    else
      onFault({
        path: place,
        rule: text === null ? 'UTF-8 text' : 'a JSON object',
        value: text === null ? 'other bytes' : shown(text),
        hint: text?.startsWith('\uFEFF') === true ? 'Save the file without a byte order mark.' : '',
      });
  }
}

function opened(file: string): Readable {
  return createReadStream(file);
}

/** The bytes of each line, without its end. */
export async function* linesOf(file: string, openFile: OpenFile = opened): AsyncGenerator<Buffer> {
  let open: Buffer[] = [];
  for await (const chunk of openFile(file)) {
    let rest = chunk as Buffer;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      yield Buffer.concat([...open, rest.subarray(0, end)]);
      open = [];
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) open.push(rest);
  }
  if (open.length > 0) yield Buffer.concat(open);
}

function decoded(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function objectOf(text: string): Row | null {
  try {
    const value: unknown = JSON.parse(text);
    const isRow = typeof value === 'object' && value !== null && !Array.isArray(value) && isShallow(value);
    return isRow ? (value as Row) : null;
  } catch {
    return null;
  }
}
