import { readFile, stat } from 'node:fs/promises';
import { formatBytes } from '../../../domain/bytes.js';
import { isShallow } from '../../../domain/nesting.js';
import { shown, type Fault } from '../faults.js';
import type { NumberedRow, Row } from '../lines.js';
import { rowPlace } from './rowPlace.js';

/** It is read whole, so larger ones don't fit the memory they would take. */
const LARGEST = 256 * 2 ** 20;
const SHOWN_BYTES = 200;

/** Rows of a JSON file that is one list of objects. */
export async function* jsonArrayRows(
  file: string,
  onFault: (fault: Fault) => void,
): AsyncGenerator<NumberedRow> {
  const { size } = await stat(file);
  const rule = 'one JSON list of objects';
  if (size > LARGEST)
    return onFault({
      ...{ path: file, rule: `at most ${formatBytes(LARGEST)} of JSON`, value: formatBytes(size) },
      hint: 'Write it as JSONL, an object a line, which may be of any size.',
    });
  const rows = parsed(await readFile(file));
  if (!Array.isArray(rows))
    return onFault({
      path: file,
      rule,
      value: shown(rows),
      hint: 'One object a line is JSONL: name the file .jsonl.',
    });
  for (const [at, row] of rows.entries()) {
    const place = rowPlace(file, at + 1);
    if (isObject(row)) yield { place, line: at + 1, row };
    else onFault({ path: place, rule: 'an object', value: shown(row), hint: '' });
  }
}

/** The JSON, else the text that is none; other bytes than UTF-8 are shown as such. */
function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    return bytes.toString('utf8', 0, SHOWN_BYTES);
  }
}

function isObject(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isShallow(value);
}
