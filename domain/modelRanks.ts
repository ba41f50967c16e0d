import type { Pool, PoolModel } from './pool.js';
import { compareRows, ranking } from './ranking.js';
import type { Plan } from './plan.js';
import type { TrialRecord } from './trial.js';

/**
 * The pool's models by their place in the ranking, the best first, those without a score last. Where the pool grows,
 * "the model at quantile 0.9" keeps its meaning; a name would not.
 */
export interface ModelRanks {
  readonly order: readonly PoolModel[];
  /** 1: the best, 0: the last, logarithmic in between; null: not in the pool. */
  quantileOf(stageId: string): number | null;
}

export function ranksOf(pool: Pool): ModelRanks {
  const models = [...pool.values()];
  const scored = ranking(models.flatMap(({ row }) => row ?? [])).flatMap(
    (row) => pool.get(row.stageId) ?? [],
  );
  const known = new Set(scored);
  const order = [...scored, ...models.filter((model) => !known.has(model))];
  const quantiles = new Map(order.map(({ stageId }, place) => [stageId, quantileAt(place, order.length)]));
  return { order, quantileOf: (stageId) => quantiles.get(stageId) ?? null };
}

/**
 * By trial, the quantiles that its action's models had when it was booked. "Go on from the best" is a rule that stays
 * true; today's rank of what was best then says little, since its own children have overtaken it.
 */
export function quantilesThen(plan: Pick<Plan, 'models'>, rows: readonly TrialRecord[]): QuantilesThen {
  return growingQuantiles(plan).upTo(rows);
}

export type QuantilesThen = ReadonlyMap<number, readonly number[]>;

/** The same for rows that grow: each is looked at once. What was handed out grows with them. */
export function growingQuantiles({ models }: Pick<Plan, 'models'>): {
  upTo(rows: readonly TrialRecord[]): QuantilesThen;
} {
  const order: Ranked[] = models.map(({ stageId }) => ({ stageId, row: null }));
  const then = new Map<number, readonly number[]>();
  let known = 0;
  const add = (row: TrialRecord): void => {
    const places = (row.action?.models ?? []).map((id) => order.findIndex(({ stageId }) => stageId === id));
    then.set(
      row.trial,
      places.map((place) => quantileAt(place < 0 ? order.length - 1 : place, order.length)),
    );
    if (row.status === 'completed') insert(order, row);
  };
  return {
    upTo: (rows) => {
      for (; known < rows.length; known += 1) {
        const row = rows[known];
        if (row !== undefined) add(row);
      }
      return then;
    },
  };
}

interface Ranked {
  readonly stageId: string;
  readonly row: TrialRecord | null;
}

/** In place, since a copy for each of thousands of rows would cost seconds. */
function insert(order: Ranked[], row: TrialRecord): void {
  const old = order.findIndex(({ stageId }) => stageId === row.stageId);
  if (old >= 0) order.splice(old, 1);
  const place = order.findIndex((model) => model.row === null || compareRows(row, model.row) < 0);
  order.splice(place < 0 ? order.length : place, 0, { stageId: row.stageId, row });
}

/**
 * On a logarithmic scale of places, which are then spread as interest in them is: of 40 models the best 6 have the
 * upper half. (On a linear one the sampler's widths cover a dozen places, and it searches among mediocre models.)
 */
function quantileAt(place: number, count: number): number {
  return count <= 1 ? 1 : 1 - Math.log(1 + place) / Math.log(count);
}

/**
 * Models near the wanted quantiles, each once, all of one architecture (that of the first that has company enough)
 * unless `mixed`; of two equally near the better. null: there are no such models.
 */
export function modelsNear(
  { order }: ModelRanks,
  wanted: readonly number[],
  mixed = false,
): readonly string[] | null {
  const sizes = new Map<number, number>();
  const sizeOf = ({ parameterCount }: PoolModel): number => (mixed ? 0 : parameterCount);
  for (const model of order) sizes.set(sizeOf(model), (sizes.get(sizeOf(model)) ?? 0) + 1);
  const ranked = order.map((model, place) => ({ ...model, quantile: quantileAt(place, order.length) }));
  let open = ranked.filter((model) => (sizes.get(sizeOf(model)) ?? 0) >= wanted.length);
  const chosen: string[] = [];
  for (const quantile of wanted) {
    const nearest = nearestTo(open, quantile);
    if (nearest === undefined) return null;
    chosen.push(nearest.stageId);
    open = open.filter((one) => sizeOf(one) === sizeOf(nearest) && one.stageId !== nearest.stageId);
  }
  return chosen;
}

/** The list is sorted from high to low, so the first of the nearest is the better one. */
function nearestTo<T extends { readonly quantile: number }>(
  list: readonly T[],
  wanted: number,
): T | undefined {
  let nearest: T | undefined;
  for (const one of list)
    if (nearest === undefined || Math.abs(one.quantile - wanted) < Math.abs(nearest.quantile - wanted))
      nearest = one;
  return nearest;
}
