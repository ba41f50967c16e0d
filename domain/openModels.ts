import { hasRoom } from './pipelineSize.js';
import type { Plan } from './plan.js';
import type { Pool, PoolModel } from './pool.js';

/** The stage ids of the pool's models that an action may build on, in the order they joined. */
export interface OpenModels {
  readonly all: readonly string[];
  /** By parameter count: those that share an architecture. */
  readonly alike: ReadonlyMap<number, readonly string[]>;
}

type Sized = { readonly plan: Pick<Plan, 'maxStages'>; readonly pool: Pool };

export function openModelsOf({ plan, pool }: Sized): OpenModels {
  const { open, join } = growingOpenModels({ plan, pool });
  for (const model of pool.values()) join(model);
  return open;
}

/** For a pool that grows: each model that joins is told, once. What is behind a model never changes, nor its room. */
export function growingOpenModels(sized: Sized): {
  readonly open: OpenModels;
  join(model: PoolModel): void;
} {
  const all: string[] = [];
  const alike = new Map<number, string[]>();
  const join = ({ stageId, parameterCount }: PoolModel): void => {
    if (!hasRoom(sized, stageId)) return;
    all.push(stageId);
    const group = alike.get(parameterCount);
    if (group === undefined) alike.set(parameterCount, [stageId]);
    else group.push(stageId);
  };
  return { open: { all, alike }, join };
}
