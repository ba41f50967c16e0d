import type { Plan } from './plan.js';
import type { Pool } from './pool.js';

type Sized = { readonly plan: Pick<Plan, 'maxStages'>; readonly pool: Pool };

/** The build stages of the pipeline that leads to a pool model; empty for a given model. */
export function stagesBehind(pool: Pool, stageId: string): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (id: string): void => {
    const action = pool.get(id)?.row?.action ?? null;
    if (action === null || found.has(id)) return;
    found.add(id);
    action.models.forEach(visit);
  };
  visit(stageId);
  return found;
}

/** How many build stages a pipeline has whose last action applies to these models; shared stages count once. */
export function sizeOfPipeline(pool: Pool, models: readonly string[]): number {
  return 1 + new Set(models.flatMap((id) => [...stagesBehind(pool, id)])).size;
}

/** Whether any action may still build on the model. */
export function hasRoom({ plan, pool }: Sized, stageId: string): boolean {
  return faultOfSize({ plan, pool }, [stageId]) === null;
}

/** Pipelines stay within the plan's `maxStages`, if it names one. */
export function faultOfSize({ plan, pool }: Sized, models: readonly string[]): string | null {
  const { maxStages = null } = plan;
  if (maxStages === null) return null;
  const size = sizeOfPipeline(pool, models);
  return size <= maxStages
    ? null
    : `models: expected a pipeline of at most ${String(maxStages)} stages, got ${String(size)}`;
}
