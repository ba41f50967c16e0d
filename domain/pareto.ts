import type { Plan } from './plan.js';
import { pipelineCosts } from './pipelineCost.js';
import type { TrialRecord } from './trial.js';

/** A point of a trade-off: both values are better when higher. */
export interface Point {
  readonly first: number;
  readonly second: number;
}

/**
 * The points that nobody beats: at least as good in both and better in one. Equal points are on the front together. From
 * the greatest first value down, a point is on it when it has the best second value so far, and more than any of those
 * before it that are better in the first.
 */
export function frontOf(points: readonly Point[]): ReadonlySet<Point> {
  const ordered = [...points].sort((a, b) => b.first - a.first || b.second - a.second);
  const front = new Set<Point>();
  let best: Point | null = null;
  for (const point of ordered)
    if (best === null || point.second > best.second || isEqual(point, best)) {
      front.add(point);
      best = point;
    }
  return front;
}

function isEqual(one: Point, other: Point): boolean {
  return one.first === other.first && one.second === other.second;
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
  const front = frontOf([...points.values()]);
  const trials = [...points].filter(([, point]) => front.has(point)).map(([trial]) => trial);
  return { ...of, points, front: new Set(trials) };
}
