import { stat } from 'node:fs/promises';
import type { ObjectFile } from '../../domain/outcome.js';
import { absentAsNull, sha256OfFile } from './durable.js';

const ADVICE = 'Remove the object; it is made again from its recipe.';

/** Throws unless the file has the size and, when `hash` is asked for, the SHA-256 of its entry in the manifest. */
export async function verifyFile(
  path: string,
  { bytes, sha256 }: ObjectFile,
  { hash, shown = path }: { readonly hash: boolean; readonly shown?: string },
): Promise<void> {
  const size = (await absentAsNull(stat(path)))?.size ?? null;
  if (size !== bytes) throw new Error(mismatch(shown, `${String(bytes)} bytes`, String(size ?? 'none')));
  if (!hash) return;
  const found = await sha256OfFile(path);
  if (found !== sha256) throw new Error(mismatch(shown, `SHA-256 ${sha256}`, found));
}

function mismatch(path: string, expected: string, got: string): string {
  return `file ${path}: expected ${expected}, got ${got}. ${ADVICE}`;
}
