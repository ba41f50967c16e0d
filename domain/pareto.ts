import type { Plan } from './plan.js';
import { pipelineCosts } from './pipelineCost.js';
import type { TrialRecord } from './trial.js';

/** A point of a trade-off: both values are better when higher. */
export interface Point {
  readonly first: number;
  readonly second: number;
}

/** Nobody is at least as good in both and better in one. Equal points are on the front together. */
export function isOnFront(point: Point, all: readonly Point[]): boolean {
  return !all.some(
    ({ first, second }) =>
      first >= point.first && second >= point.second && (first > point.first || second > point.second),
  );
}

/** What the score is traded against: a benchmark that is watched or constrained, or the GPU-seconds of the pipeline. */
export interface Tradeoff {
  readonly name: string;
  readonly kind: 'benchmark' | 'cost';
  /** By trial: scored trials only, infeasible ones too. */
  readonly points: ReadonlyMap<number, Point>;
  /** Trials on the front. */
  readonly front: ReadonlySet<number>;
}

export const COST = 'gpuSeconds';

/** The score against each watched or constrained benchmark, and against the cost (counted as its negative). */
export function tradeoffs(plan: Plan, rows: readonly TrialRecord[]): readonly Tradeoff[] {
  const constrained = new Set(plan.constraints.map(({ benchmark }) => benchmark));
  const watched = plan.benchmarks.filter(({ name, weight }) => weight === 0 || constrained.has(name));
  const costs = pipelineCosts(rows);
  return [
    ...watched.map(({ name }) =>
      tradeoff(rows, { name, kind: 'benchmark' }, (row) => row.scores[name]?.score ?? null),
    ),
    tradeoff(rows, { name: COST, kind: 'cost' }, (row) => -(costs.get(row.stageId) ?? 0)),
  ];
}

function tradeoff(
  rows: readonly TrialRecord[],
  of: Pick<Tradeoff, 'name' | 'kind'>,
  second: (row: TrialRecord) => number | null,
): Tradeoff {
  const points = new Map(
    rows.flatMap((row) => {
      const value = second(row);
      return row.score === null || value === null
        ? []
        : [[row.trial, { first: row.score, second: value }] as const];
    }),
  );
  const all = [...points.values()];
  const front = [...points].filter(([, point]) => isOnFront(point, all)).map(([trial]) => trial);
  return { ...of, points, front: new Set(front) };
}
