import { bootstrapMean, pairedDifference } from '../../domain/statistics.js';
import type { Estimate } from '../../domain/result.js';
import type { Point, Run } from './run.js';

export type Figure = 'search' | 'heldOut';

/** What a run had found when this much was spent; the first evaluations are everyone's. */
export function valueAt(run: Run, gpuSeconds: number, figure: Figure): number {
  const before = run.points.filter((point) => point.gpuSeconds <= gpuSeconds);
  return (before.at(-1) ?? first(run))[figure];
}

function first({ points }: Run): Point {
  const [point] = points;
  if (point === undefined) throw new Error('run: expected at least the base, got none');
  return point;
}

/** Mean over the runs with a 95 % bootstrap interval over seeds. */
export function meanAt(runs: readonly Run[], gpuSeconds: number, figure: Figure): Estimate {
  const items = runs.map((run) => valueAt(run, gpuSeconds, figure));
  return bootstrapMean([{ share: 1, items }], `${figure} ${String(gpuSeconds)}`);
}

/** Mean difference to the other arm, paired by seed: runs of one seed begin with the same random trials. */
export function differenceAt(
  runs: readonly Run[],
  others: readonly Run[],
  { gpuSeconds, figure }: { readonly gpuSeconds: number; readonly figure: Figure },
): Estimate {
  const pairs = runs.flatMap((run, index) => {
    const other = others[index];
    if (other === undefined) return [];
    return [[valueAt(run, gpuSeconds, figure), valueAt(other, gpuSeconds, figure)] as const];
  });
  return pairedDifference([{ share: 1, pairs }], `${figure} ${String(gpuSeconds)}`);
}

/** GPU-seconds until the search score was reached; null: not within the run. */
export function costToReach({ points }: Run, score: number): number | null {
  return points.find(({ search }) => search >= score)?.gpuSeconds ?? null;
}
