import type { Fault } from '../faults.js';
import { readRows, type NumberedRow } from '../lines.js';
import { csvRows } from './csv.js';
import { jsonArrayRows } from './jsonArray.js';
import { gzipRows } from './gzip.js';
import { parquetRows } from './parquet.js';
import { rowPlace } from './rowPlace.js';

/** Reads a dataset's file, a row at a time; what is no row, or no such file, goes to `onFault`. */
type ReadRows = (file: string, onFault: (fault: Fault) => void) => AsyncGenerator<NumberedRow>;

interface Format {
  readonly ends: readonly string[];
  readonly read: ReadRows;
}

/** By the end of the file's name; everything else is JSONL. */
const FORMATS: readonly Format[] = [
  { ends: ['.csv'], read: csvRows(',') },
  { ends: ['.tsv'], read: csvRows('\t') },
  { ends: ['.parquet'], read: parquetRows },
  { ends: ['.json'], read: jsonArrayRows },
  { ends: ['.jsonl.gz', '.json.gz'], read: gzipRows },
];

function formatOf(file: string): Format | undefined {
  const name = file.toLowerCase();
  return FORMATS.find(({ ends }) => ends.some((end) => name.endsWith(end)));
}

/** Whether the file is imported as it is; others become JSONL. */
export function isJsonLines(file: string): boolean {
  return formatOf(file) === undefined;
}

/** Where a row of the file stands, by the number that its reader gives it. */
export function placeOfRow(file: string, line: number): string {
  const counted = formatOf(file);
  return counted === undefined || counted.read === gzipRows
    ? `${file}:${String(line)}`
    : rowPlace(file, line);
}

export function readDataset(file: string, onFault: (fault: Fault) => void): AsyncGenerator<NumberedRow> {
  return (formatOf(file)?.read ?? readRows)(file, onFault);
}
