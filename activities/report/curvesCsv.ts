import { csvText } from '../../domain/csv.js';
import { CURVE_COLUMNS, thinned } from '../../domain/trainingCurve.js';
import type { Drawn } from './curves.js';

/** What the points of 100 trials may take on the page. */
const BYTES = 75_000;
const BYTES_A_POINT = 56;
const FEWEST = 8;
const MOST = 200;
const DIGITS = 4;

/** Points a training that a page of so many trials has room for. */
export function pointsFor(trainings: number, trials: number): number {
  const room = (BYTES * Math.max(1, trials / 100)) / BYTES_A_POINT / Math.max(1, trainings);
  return Math.max(FEWEST, Math.min(MOST, Math.floor(room)));
}

/** A row a point; numbers to four significant digits, the full ones are in the store. */
export function curvesCsv(drawn: readonly Drawn[], most: number): string {
  const rows = drawn.flatMap(({ training, curve }) => {
    const thin = thinned(curve, most);
    return thin.step.map((step, place) => [
      ...[training.name, step],
      ...CURVE_COLUMNS.map((name) => rounded(name, thin[name]?.[place] ?? null)),
    ]);
  });
  return csvText(['training', 'step', ...CURVE_COLUMNS], rows);
}

function rounded(name: (typeof CURVE_COLUMNS)[number], value: number | null): number | null {
  return value === null || name === 'tokens' ? value : Number(value.toPrecision(DIGITS));
}
