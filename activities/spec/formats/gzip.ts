import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { codeOf } from '../../store/durable.js';
import { shown, type Fault } from '../faults.js';
import { readRows, type NumberedRow } from '../lines.js';

/** Rows of a compressed JSONL file, decompressed as they are read. */
export async function* gzipRows(file: string, onFault: (fault: Fault) => void): AsyncGenerator<NumberedRow> {
  try {
    yield* readRows(file, onFault, gunzipped);
  } catch (error) {
    if (!(error instanceof Error) || codeOf(error)?.startsWith('Z_') !== true) throw error;
    onFault({
      path: file,
      rule: 'a whole gzip file',
      value: shown(error.message),
      hint: 'Compress it again.',
    });
  }
}

function gunzipped(file: string): Readable {
  const out = createGunzip();
  pipeline(createReadStream(file), out, () => undefined); // the error reaches whoever reads `out`
  return out;
}
