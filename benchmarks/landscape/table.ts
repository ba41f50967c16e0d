import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Split } from '../../domain/plan.js';
import { parseRows, rowsText } from '../rowTable.js';

/** What a pipeline of the landscape costs and scores, as first recorded. */
export interface LandscapeRow {
  /** The first 16 digits of its stage id. */
  readonly id: string;
  readonly status: string;
  /** GPU-seconds of its last stage, and of scoring it on the search split. */
  readonly buildSeconds: number;
  readonly scoreSeconds: number;
  /** By split, the scores in the order of the plan's benchmarks; empty unless completed. */
  readonly scores: Readonly<Partial<Record<Split, readonly number[]>>>;
}

const FILE = join(import.meta.dirname, 'table.jsonl');

export function readTable(file = FILE): Map<string, LandscapeRow> {
  return parseRows(existsSync(file) ? readFileSync(file, 'utf8') : '');
}

export function writeTable(rows: ReadonlyMap<string, LandscapeRow>, file = FILE): void {
  writeFileSync(file, rowsText(rows));
}

export function landscapeId(stageId: string): string {
  return stageId.slice(0, 16);
}
