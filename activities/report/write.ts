import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { loadCurves } from '../ledger/curves.js';
import { loadExploration } from '../ledger/read.js';
import type { Store } from '../store/store.js';
import { pairedWithBest } from './pairing.js';
import { renderReport, type ReportOptions } from './report.js';

/** Writes an exploration's report to a file in one step; false when the store knows no such name. */
export async function writeReport(store: Store, name: string, file: string): Promise<boolean> {
  const page = await reportPage(store, name);
  if (page === null) return false;
  await mkdir(dirname(file), { recursive: true });
  const fresh = `${file}.${String(process.pid)}`;
  try {
    await writeFile(fresh, page);
    await rename(fresh, file);
  } finally {
    await rm(fresh, { force: true }); // there only where the file could not take its place
  }
  return true;
}

/** The report as it stands in the store now; null when the store knows no such name. */
export async function reportPage(
  store: Store,
  name: string,
  options: Pick<ReportOptions, 'isLive'> = {},
): Promise<string | null> {
  const found = await loadExploration(store, name);
  if (found === null) return null;
  const [paired, curves] = await Promise.all([pairedWithBest(store, found), loadCurves(store, found.rows)]);
  return renderReport(found, { ...options, paired, curves });
}
