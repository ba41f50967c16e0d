import { hasRoom } from '../../domain/pipelineSize.js';
import type { Random } from '../../domain/random.js';
import type { PoolModel } from '../../domain/pool.js';
import { ranking } from '../../domain/ranking.js';
import type { Detail } from './evidence.js';
import type { PolicyContext } from './policy.js';

/** The models worth showing: the best and the newest; at least as many as one action takes. */
export function candidates(
  context: PolicyContext,
  { least, detail }: { readonly least: number; readonly detail: Detail },
): readonly PoolModel[] {
  const open = [...context.pool.values()].filter(({ stageId }) => hasRoom(context, stageId));
  const pool = usable(open, least);
  const places = new Map(
    ranking(pool.flatMap((model) => model.row ?? [])).map((row, place) => [row.stageId, place] as const),
  );
  const best = [...pool].sort((a, b) => placeOf(places, a) - placeOf(places, b));
  const top = best.slice(0, Math.max(least, detail.topModels));
  const newest = pool.slice(Math.max(0, pool.length - detail.newestModels));
  return [...new Set([...top, ...newest])];
}

/** Datasets worth showing where there are too many: those of the best trials, then others drawn for this decision. */
export function offeredDatasets(
  context: PolicyContext,
  datasets: readonly string[],
  { most, random }: { readonly most: number; readonly random: Random },
): readonly string[] {
  if (datasets.length <= most) return datasets;
  const proven = ranking(context.rows).flatMap((row) =>
    row.origin === 'allData' ? [] : (row.action?.datasets ?? []),
  );
  const known = [...new Set(proven)].filter((name) => datasets.includes(name)).slice(0, Math.floor(most / 2));
  const others = random.shuffle(datasets.filter((name) => !known.includes(name)));
  return [...known, ...others.slice(0, most - known.length)];
}

/** Models that have enough others of their architecture to go with. */
function usable(pool: readonly PoolModel[], least: number): readonly PoolModel[] {
  const counts = new Map<number, number>();
  for (const { parameterCount } of pool) counts.set(parameterCount, (counts.get(parameterCount) ?? 0) + 1);
  return pool.filter(({ parameterCount }) => (counts.get(parameterCount) ?? 0) >= least);
}

function placeOf(places: ReadonlyMap<string, number>, { stageId }: PoolModel): number {
  return places.get(stageId) ?? Number.MAX_SAFE_INTEGER;
}
