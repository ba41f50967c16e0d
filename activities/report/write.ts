import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { loadExploration } from '../ledger/read.js';
import type { Store } from '../store/store.js';
import { renderReport } from './report.js';

/** Writes an exploration's report to a file in one step; false when the store knows no such name. */
export async function writeReport(store: Store, name: string, file: string): Promise<boolean> {
  const found = await loadExploration(store, name);
  if (found === null) return false;
  await mkdir(dirname(file), { recursive: true });
  const fresh = `${file}.${String(process.pid)}`;
  await writeFile(fresh, renderReport(found));
  await rename(fresh, file);
  return true;
}
