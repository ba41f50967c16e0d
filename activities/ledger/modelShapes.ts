import { shapeOfSize, type ModelShape } from '../../domain/memory.js';
import { modelIds } from '../../domain/stage.js';
import { loadRecipe } from '../store/recipes.js';
import type { Store } from '../store/store.js';

/** The shapes of models, made or not, by the id of the stage that makes them. */
export async function shapesOf(
  store: Store,
  stageIds: readonly string[],
): Promise<Readonly<Record<string, ModelShape>>> {
  const known = new Map<string, ModelShape>();
  for (const stageId of stageIds) await shapeOf(store, stageId, known);
  return Object.fromEntries(stageIds.flatMap((id) => [[id, known.get(id) ?? shapeOfSize(0)]]));
}

/** A model has the shape of the first one it is made of, and as many parameters as were counted once it was made. */
async function shapeOf(store: Store, stageId: string, known: Map<string, ModelShape>): Promise<ModelShape> {
  const found = known.get(stageId);
  if (found !== undefined) return found;
  const result = (await store.manifest(stageId))?.result;
  const recipe = await loadRecipe(store, stageId);
  const [first] = recipe === null ? [] : modelIds(recipe);
  const imported = result?.['shape'] as unknown as ModelShape | undefined;
  const counted = result?.['parameterCount'];
  const origin =
    first === undefined
      ? (imported ?? shapeOfSize(Number(counted ?? 0)))
      : await shapeOf(store, first, known);
  const shape = { ...origin, parameters: Number(counted ?? origin.parameters) };
  known.set(stageId, shape);
  return shape;
}
