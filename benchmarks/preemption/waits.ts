import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../domain/random.js';
import { parseRows, rowsText } from '../rowTable.js';

/** Seconds from the signal to a GPU worker to the next step of its training, one for each strike of bench:recovery. */
export interface Waits {
  /** Without notice: the loss has to be detected. */
  readonly SIGKILL: readonly number[];
  /** With notice: the worker hands its stage back. */
  readonly SIGTERM: readonly number[];
}

const FILE = join(import.meta.dirname, 'waits.jsonl');

interface Row {
  readonly id: keyof Waits;
  readonly seconds: readonly number[];
}

export function readWaits(file = FILE): Waits {
  if (!existsSync(file))
    throw new Error(`${file}: expected the waits of bench:recovery, got none. Run npm run bench:recovery.`);
  const rows = parseRows<Row>(readFileSync(file, 'utf8'));
  return { SIGKILL: rows.get('SIGKILL')?.seconds ?? [], SIGTERM: rows.get('SIGTERM')?.seconds ?? [] };
}

export function writeWaits({ SIGKILL, SIGTERM }: Waits, file = FILE): void {
  const rounded = (seconds: readonly number[]): readonly number[] =>
    seconds.map((one) => Number(one.toFixed(2)));
  const rows: readonly Row[] = [
    { id: 'SIGKILL', seconds: rounded(SIGKILL) },
    { id: 'SIGTERM', seconds: rounded(SIGTERM) },
  ];
  writeFileSync(file, rowsText(new Map(rows.map((row) => [row.id, row]))));
}

/** One of those that were measured, each as likely, and what loading a model takes more than the tiny one does. */
export function drawWait(waits: Waits, loadSeconds: number): (random: Random, noticed: boolean) => number {
  return (random, noticed) => (random.pick(noticed ? waits.SIGTERM : waits.SIGKILL) ?? 0) + loadSeconds;
}
