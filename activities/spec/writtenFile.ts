import { readFile, stat } from 'node:fs/promises';
import { LineCounter, parseDocument } from 'yaml';
import { formatBytes } from '../../domain/bytes.js';
import { isShallow, MOST_LEVELS } from '../../domain/nesting.js';
import { capped, shown, type Fault } from './faults.js';

/** Larger ones are no spec: data belongs in files of its own. */
const LARGEST_BYTES = 2 ** 20;
const MOST_FAULTS = 10;

export type Written =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly faults: readonly Fault[] };

/** What stands in a YAML or JSON file that a person wrote; `what` names it in faults, e.g. `spec`. */
export async function readWrittenFile(file: string, what: string): Promise<Written> {
  const text = await readText(file, what);
  if (typeof text !== 'string') return refused(text);
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines });
    if (document.errors.length > 0) {
      const faults = document.errors.map(({ message, pos: [start] }) => ({
        path: `${file}:${String(lines.linePos(start).line)}`,
        rule: 'YAML',
        value: firstLine(message),
        hint: 'Check indents and quotes.',
      }));
      return { ok: false, faults: capped(faults, MOST_FAULTS, file) };
    }
    const value: unknown = document.toJS();
    return isShallow(value) ? { ok: true, value } : refused(tooDeep(file));
  } catch (error) {
    if (error instanceof RangeError) return refused(tooDeep(file)); // the parser's own stack
    if (!(error instanceof ReferenceError)) throw error;
    return refused({ path: file, rule: 'few YAML aliases', value: shown(error.message), hint: '' });
  }
}

async function readText(file: string, what: string): Promise<string | Fault> {
  const found = await stat(file).catch(() => null);
  const absent: Fault = {
    path: file,
    rule: `a readable ${what} file`,
    value: found?.isDirectory() === true ? 'a folder' : 'none',
    hint: 'Check the path.',
  };
  if (found?.isFile() !== true) return absent;
  if (found.size > LARGEST_BYTES)
    return {
      path: file,
      rule: `a ${what} of at most ${formatBytes(LARGEST_BYTES)}`,
      value: formatBytes(found.size),
      hint: 'Check that it is the right file.',
    };
  const bytes = await readFile(file).catch(() => null);
  if (bytes === null) return absent;
  try {
    return new TextDecoder('utf8', { fatal: true }).decode(bytes);
  } catch {
    return { path: file, rule: 'UTF-8 text', value: 'other bytes', hint: 'Check that it is the right file.' };
  }
}

function refused(fault: Fault): Written {
  return { ok: false, faults: [fault] };
}

function tooDeep(file: string): Fault {
  return { path: file, rule: `at most ${String(MOST_LEVELS)} levels`, value: 'more', hint: '' };
}

function firstLine(message: string): string {
  return (message.split('\n')[0] ?? message).replace(/ at line.*$/, '');
}
