import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../domain/random.js';

/** Seconds from the signal to a GPU worker to the next step of its training, one for each strike of bench:recovery. */
export interface Waits {
  /** Without notice: the loss has to be detected. */
  readonly SIGKILL: readonly number[];
  /** With notice: the worker hands its stage back. */
  readonly SIGTERM: readonly number[];
}

const FILE = join(import.meta.dirname, 'waits.json');

export function readWaits(file = FILE): Waits {
  if (!existsSync(file))
    throw new Error(`${file}: expected the waits of bench:recovery, got none. Run npm run bench:recovery.`);
  return JSON.parse(readFileSync(file, 'utf8')) as Waits;
}

export function writeWaits(waits: Waits, file = FILE): void {
  const rounded = Object.entries(waits).map(([signal, list]: [string, readonly number[]]) => [
    signal,
    list.map((one) => Number(one.toFixed(2))),
  ]);
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(rounded), null, 2)}\n`);
}

/** One of those that were measured, each as likely, and what loading a model takes more than the tiny one does. */
export function drawWait(waits: Waits, loadSeconds: number): (random: Random, noticed: boolean) => number {
  return (random, noticed) => (random.pick(noticed ? waits.SIGTERM : waits.SIGKILL) ?? 0) + loadSeconds;
}
