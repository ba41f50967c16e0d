import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Split } from '../../domain/plan.js';

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
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  const rows = lines.map((line) => JSON.parse(line) as LandscapeRow);
  return new Map(rows.map((row) => [row.id, row]));
}

/** Sorted by id, so that the file's differences are the table's. */
export function writeTable(rows: ReadonlyMap<string, LandscapeRow>, file = FILE): void {
  const sorted = [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  writeFileSync(file, sorted.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

export function landscapeId(stageId: string): string {
  return stageId.slice(0, 16);
}
