import { codeOf } from '../../store/durable.js';
import type { Fault } from '../faults.js';

/** Bytes as text, without a byte order mark. Throws at bytes that are no UTF-8: see `utf8Fault`. */
export async function* utf8Text(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf8', { fatal: true });
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

/** The fault of a file of other bytes; null where the error is another one. */
export function utf8Fault(path: string, error: unknown): Fault | null {
  if (codeOf(error) !== 'ERR_ENCODING_INVALID_ENCODED_DATA') return null;
  return { path, rule: 'UTF-8 text', value: 'other bytes', hint: 'Save the file as UTF-8.' };
}
