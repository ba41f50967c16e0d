import { formatBytes } from './bytes.js';
import { memoryNeed } from './memory.js';
import { shapeOfPoolModel } from './memoryLimits.js';
import type { Plan } from './plan.js';
import type { Pool } from './pool.js';
import type { Action } from './trial.js';

/** What helps where the memory of no class is enough. */
export const MEMORY_ADVICE = 'Use tuning: lora or qlora, a smaller model, or a larger class.';

/** Why no class of workers can hold the action, or null: nothing is refused where no class is known. */
export function faultOfMemory(
  { models, workers }: Pick<Plan, 'models' | 'workers'>,
  pool: Pool,
  action: Action,
): string | null {
  const largest = workers?.classes.at(-1);
  if (largest === undefined) return null;
  const shapes = action.models.map((id) => shapeOfPoolModel(models, pool.get(id)?.parameterCount ?? 0));
  const { floor } = memoryNeed(action.kind, action.parameters, shapes);
  return floor <= largest.memoryBytes
    ? null
    : `memory: expected at most the ${formatBytes(largest.memoryBytes)} of ${largest.name}, got at least ${formatBytes(floor)}. ${MEMORY_ADVICE}`;
}
