import type { FileMetaData } from 'hyparquet';
import { shown, type Fault } from '../faults.js';
import type { NumberedRow, Row } from '../lines.js';
import { rowPlace } from './rowPlace.js';

/** Those that the libraries were seen to read as pyarrow writes them; LZ4 wasn't. */
const CODECS: readonly string[] = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'ZSTD', 'BROTLI'];

/**
 * Rows of a Parquet file, a row group at a time, nested lists and structs included. Whole numbers beyond 2⁵³ become
 * texts, times ISO 8601; missing values, and bytes that are no text, are left out.
 */
export async function* parquetRows(
  file: string,
  onFault: (fault: Fault) => void,
): AsyncGenerator<NumberedRow> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  const { compressors } = await import('hyparquet-compressors');
  const buffer = await asyncBufferFromFile(file);
  let rowStart = 0;
  try {
    const metadata = await parquetMetadataAsync(buffer);
    const fault = codecFault(file, metadata);
    if (fault !== null) return onFault(fault);
    for (const { num_rows: count } of metadata.row_groups) {
      const rowEnd = rowStart + Number(count);
      const range = { metadata, rowStart, rowEnd, utf8: false };
      const rows = await parquetReadObjects({ file: buffer, compressors, ...range });
      for (const [at, row] of rows.entries()) {
        const line = rowStart + at + 1;
        yield { place: rowPlace(file, line), line, row: plain(row) as Row };
      }
      rowStart = rowEnd;
    }
  } catch (error) {
    const place = rowStart === 0 ? file : `${file} after row ${String(rowStart)}`;
    onFault({
      path: place,
      rule: 'a whole Parquet file',
      value: shown(reasonOf(error)),
      hint: 'Write it again.',
    });
  }
}

function codecFault(file: string, { row_groups: groups }: FileMetaData): Fault | null {
  const codecs = groups.flatMap(({ columns }) => columns.map((column) => column.meta_data?.codec ?? ''));
  const other = codecs.find((codec) => !CODECS.includes(codec));
  if (other === undefined) return null;
  return {
    path: file,
    rule: `compression by one of ${CODECS.join(', ')}`,
    value: other,
    hint: 'Write it again.',
  };
}

/** The library tells what is wrong with a file by plain errors. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** As JSON has it; undefined for what JSON hasn't. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return textOf(value);
  if (Array.isArray(value)) return value.map((one) => plain(one) ?? null);
  if (typeof value !== 'object' || value === null) return value ?? undefined;
  const entries = Object.entries(value).map(([key, one]) => [key, plain(one)] as const);
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined));
}

/** Old files don't say which bytes are texts. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
