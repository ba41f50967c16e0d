import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { shown, type Fault } from '../faults.js';
import type { NumberedRow, Row } from '../lines.js';
import { rowPlace } from './rowPlace.js';
import { utf8Fault, utf8Text } from './utf8.js';

/** Columns in which a cell may hold a list of messages as JSON. */
const CHATS = new Set(['messages', 'prompt', 'completion', 'chosen', 'rejected']);

/**
 * Rows of a CSV file (RFC 4180, UTF-8) by the names in its first row. Cells are texts: `007` stays `007`. An empty cell
 * is no column of its row; `""` is an empty text.
 */
export function csvRows(delimiter: string) {
  return async function* (file: string, onFault: (fault: Fault) => void): AsyncGenerator<NumberedRow> {
    const { parse, CsvError } = await import('csv-parse');
    const cast = (cell: string, { quoting }: { readonly quoting: boolean }): string | null =>
      cell === '' && !quoting ? null : cell;
    const options = { delimiter, cast, info: true, skip_empty_lines: true, max_record_size: 1 << 28 };
    const parser = pipeline(createReadStream(file), utf8Text, parse(options), () => undefined);
    let names: readonly string[] | null = null;
    let number = 0;
    try {
      for await (const { record } of parser as AsyncIterable<{
        readonly record: readonly (string | null)[];
      }>) {
        if (names === null) {
          names = record.map((name) => name?.trim() ?? '');
          const fault = headerFault(file, names);
          if (fault === null) continue;
          onFault(fault);
          return;
        }
        number += 1;
        yield { place: rowPlace(file, number), line: number, row: rowOf(names, record) };
      }
    } catch (error) {
      const place = number === 0 ? file : `${file} after row ${String(number)}`;
      const fault =
        error instanceof CsvError
          ? brokenFault(rowPlace(file, number + 1), error.message)
          : utf8Fault(place, error);
      if (fault === null) throw error;
      onFault(fault);
    }
  };
}

function headerFault(file: string, names: readonly string[]): Fault | null {
  const bad = names.find((name, at) => name === '' || names.indexOf(name) !== at);
  if (bad === undefined) return null;
  return {
    path: file,
    rule: 'a first row with a name for each column, each once',
    value: shown(names),
    hint: 'Name them; a file without a first row of names is not read.',
  };
}

function rowOf(names: readonly string[], cells: readonly (string | null)[]): Row {
  return Object.fromEntries(
    names.flatMap((name, at) => {
      const cell = cells[at] ?? null;
      return cell === null ? [] : [[name, CHATS.has(name) ? chatOf(cell) : cell]];
    }),
  );
}

function chatOf(cell: string): unknown {
  if (!cell.trimStart().startsWith('[{')) return cell;
  try {
    return JSON.parse(cell);
  } catch {
    return cell;
  }
}

function brokenFault(path: string, message: string): Fault {
  const hint = 'Quote cells that hold the delimiter, quotes or line breaks, and double the quotes in them.';
  return { path, rule: 'CSV with as many cells as its first row', value: message.replace(/\.$/, ''), hint };
}
