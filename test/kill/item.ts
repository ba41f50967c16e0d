import { table } from '../../cli/table.js';
import type { Strike } from './lost.js';

/** One injection as it went, or one comparison at the end. */
export interface Item extends Strike {
  readonly note: string;
  /** null: it never recovered, or there was nothing to recover from. */
  readonly recoverySeconds: number | null;
  /** The most steps that a stage lost by it. */
  readonly lostSteps: number;
  readonly duplicates: number;
  /** What did not hold; empty: passed. */
  readonly broken: readonly string[];
}

/** One line when it is over. */
export function lineOf(index: number, { fault, note, recoverySeconds, broken }: Item): string {
  const seconds = recoverySeconds === null ? '' : `, work went on after ${recoverySeconds.toFixed(1)} s`;
  const remarks = note === '' ? '' : ` (${note})`;
  const failed = broken.length === 0 ? '' : `  FAILED${broken.map((line) => `\n    ${line}`).join('')}`;
  return `${String(index).padStart(3)} ${fault}${remarks}${seconds}${failed}`;
}

/** fault, times, lost steps (max), recovery seconds (median, max), duplicates. */
export function summary(items: readonly Item[]): readonly string[] {
  const names = [...new Set(items.map(({ fault }) => fault))];
  const rows = names.map((name) => {
    const of = items.filter(({ fault }) => fault === name);
    const seconds = of.flatMap(({ recoverySeconds }) => (recoverySeconds === null ? [] : [recoverySeconds]));
    const max = (values: readonly number[]): number | null =>
      values.length === 0 ? null : Math.max(...values);
    return [
      name,
      String(of.length),
      String(max(of.map(({ lostSteps }) => lostSteps))),
      text(median(seconds)),
      text(max(seconds)),
      String(of.reduce((total, { duplicates }) => total + duplicates, 0)),
      String(of.filter(({ broken }) => broken.length > 0).length),
    ];
  });
  const head = ['fault', 'times', 'lost steps (max)', 'recovery s (median)', '(max)', 'duplicates', 'failed'];
  return table(head, rows);
}

export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  if (high === undefined) return null;
  return sorted.length % 2 === 1 || low === undefined ? high : (low + high) / 2;
}

function text(seconds: number | null): string {
  return seconds === null ? '-' : seconds.toFixed(1);
}

/** An item without an injection of its own. */
export function plain(fault: string, broken: readonly string[]): Item {
  return { fault, note: '', at: 0, intervals: 0, recoverySeconds: null, lostSteps: 0, duplicates: 0, broken };
}
