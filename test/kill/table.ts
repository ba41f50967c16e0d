import { table } from '../../cli/table.js';

/** One injection as it went. */
export interface Item {
  readonly fault: string;
  readonly note: string;
  /** null: it never recovered, or there was nothing to recover (a final comparison). */
  readonly recoverySeconds: number | null;
  readonly lostSteps: number;
  readonly duplicates: number;
  /** What did not hold; empty: passed. */
  readonly broken: readonly string[];
}

/** fault, times, lost steps (max), recovery seconds (median, max), duplicates. */
export function summary(items: readonly Item[]): readonly string[] {
  const names = [...new Set(items.map(({ fault }) => fault))];
  const rows = names.map((name) => {
    const of = items.filter(({ fault }) => fault === name);
    const seconds = of.flatMap(({ recoverySeconds }) => (recoverySeconds === null ? [] : [recoverySeconds]));
    return [
      name,
      String(of.length),
      String(Math.max(...of.map(({ lostSteps }) => lostSteps))),
      text(median(seconds)),
      text(seconds.length === 0 ? null : Math.max(...seconds)),
      String(of.reduce((total, { duplicates }) => total + duplicates, 0)),
      String(of.filter(({ broken }) => broken.length > 0).length),
    ];
  });
  return table(
    ['fault', 'times', 'lost steps (max)', 'recovery s (median)', '(max)', 'duplicates', 'failed'],
    rows,
  );
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
