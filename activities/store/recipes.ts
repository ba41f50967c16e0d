import type { Json } from '../../domain/json.js';
import { canonicalJson, inputIds, type IdentifiedStage, type Stage } from '../../domain/stage.js';
import type { RecipeOf } from '../../domain/substitution.js';
import { keys } from './keys.js';
import type { Store } from './store.js';

/** The recipes of everything that the stage stands on, read once; what has none (an import of old) is null. */
export async function loadAncestors(store: Store, stage: Stage): Promise<RecipeOf> {
  const known = new Map<string, Stage | null>();
  const walk = async (of: Stage): Promise<void> => {
    for (const stageId of inputIds(of)) {
      if (known.has(stageId)) continue;
      const recipe = await loadRecipe(store, stageId);
      known.set(stageId, recipe);
      if (recipe !== null) await walk(recipe);
    }
  };
  await walk(stage);
  return (stageId) => known.get(stageId) ?? null;
}

export async function loadRecipe(store: Store, stageId: string): Promise<Stage | null> {
  const text = await store.read(keys.stage(stageId));
  return text === null ? null : (JSON.parse(text) as Stage);
}

/** Before anybody may ask for them. */
export async function putRecipes(store: Store, stages: readonly IdentifiedStage[]): Promise<void> {
  for (const { stageId, stage } of stages)
    await store.putIfAbsent(keys.stage(stageId), canonicalJson(stage as unknown as Json));
}
