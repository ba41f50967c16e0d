import { derivationText } from '../../domain/data/derivationText.js';
import type { Plan, Split } from '../../domain/plan.js';
import type { Recipe, RecipeScore, RecipeSource, RecipeStep, MadeWith } from '../../domain/recipe.js';
import { inputIds, shortId, SOURCE_KINDS, type Stage } from '../../domain/stage.js';
import { trialName, type TrialRecord, type TrialResult } from '../../domain/trial.js';
import { readJson, type StoredExploration } from '../ledger/read.js';
import { keys } from '../store/keys.js';
import { loadAncestors, loadRecipe } from '../store/recipes.js';
import type { Store } from '../store/store.js';

/** Something that a recipe needs is not in the store any more. */
export class NotInStore extends Error {
  override readonly name = 'NotInStore';
}

/** How the model of a completed trial was made: all of its steps in order, and what they begin with. Throws NotInStore. */
export async function recipeOfTrial(
  store: Store,
  found: StoredExploration,
  row: TrialRecord,
): Promise<Recipe> {
  const { plan } = found;
  const target = await loadRecipe(store, row.stageId);
  if (target === null) throw missing('the recipe of its stage', row.stageId, store);
  const { steps, sources } = await inOrder(store, row.stageId, target);
  return {
    schemaVersion: 1,
    exploration: plan.name,
    explorationId: plan.explorationId,
    trial: trialName(row.trial),
    sources: await Promise.all(sources.map(([id, stage]) => sourceOf(store, plan, id, stage))),
    steps: await Promise.all(steps.map(([id, stage]) => stepOf(store, found.rows, id, stage))),
    scores: scoresOf(found, row),
  };
}

type Found = readonly [stageId: string, stage: Stage];

/** Steps with what they need before them. What a derived dataset is made of is no part: its rows are. */
async function inOrder(store: Store, stageId: string, target: Stage) {
  const stageOf = await loadAncestors(store, target);
  const steps: Found[] = [];
  const sources = new Map<string, Stage | null>();
  const seen = new Set<string>();
  const walk = (id: string, stage: Stage | null): void => {
    if (seen.has(id)) return;
    seen.add(id);
    if (stage === null || isSource(stage)) {
      sources.set(id, stage);
      return;
    }
    for (const input of inputIds(stage)) walk(input, stageOf(input));
    steps.push([id, stage]);
  };
  walk(stageId, target);
  return { steps, sources: [...sources] };
}

function isSource({ kind }: Stage): boolean {
  const sources: readonly string[] = SOURCE_KINDS;
  return sources.includes(kind);
}

async function sourceOf(
  store: Store,
  plan: Plan,
  stageId: string,
  stage: Stage | null,
): Promise<RecipeSource> {
  const manifest = await store.manifest(stageId);
  if (manifest === null) throw missing('what the recipe begins with', stageId, store);
  const kind = manifest.kind === 'model' ? 'model' : 'dataset';
  const known = [...plan.models, ...plan.datasets].find((one) => one.stageId === stageId);
  const name = known?.name ?? shortId(stageId);
  const derivation = plan.datasets.find((one) => one.stageId === stageId)?.derivation;
  const { files, result: facts } = manifest;
  return {
    ...{ name, kind, stageId, stage, files, facts },
    origin:
      known?.hub !== undefined
        ? `${known.hub.id} at ${known.hub.commit}`
        : derivation === undefined
          ? ''
          : derivationText(derivation),
    folder: `${kind === 'model' ? 'models' : 'data'}/${name}`,
  };
}

async function stepOf(
  store: Store,
  rows: readonly TrialRecord[],
  stageId: string,
  stage: Stage,
): Promise<RecipeStep> {
  const row = rows.find((one) => one.stageId === stageId && one.status === 'completed');
  const [manifest, record, madeWith] = await Promise.all([
    store.manifest(stageId),
    readJson<{ weightsSha256: string }>(store, keys.weights(stageId)),
    readJson<MadeWith>(store, keys.made(stageId)),
  ]);
  const weightsSha256 = row?.weightsSha256 ?? record?.weightsSha256 ?? manifest?.result['weightsSha256'];
  if (typeof weightsSha256 !== 'string') throw missing('the hash of its weights', stageId, store);
  const name = row === undefined ? shortId(stageId) : trialName(row.trial);
  return { name, does: row?.label ?? stage.kind, stageId, stage, weightsSha256, madeWith };
}

function missing(what: string, stageId: string, { location }: Store): NotInStore {
  return new NotInStore(`stage ${shortId(stageId)}: expected ${what} in ${location}, got none`);
}

/** All splits that the model was scored on. */
function scoresOf({ plan, finals }: StoredExploration, row: TrialRecord): readonly RecipeScore[] {
  const later = finals.filter(({ result }) => result.trial === row.trial);
  return [{ split: 'search' as const, result: row }, ...later].flatMap(({ split, result }) =>
    splitScores(plan, split, result),
  );
}

function splitScores(plan: Plan, split: Split, { scores }: TrialResult): readonly RecipeScore[] {
  return plan.benchmarks.flatMap(({ name, metric, splits }) => {
    const one = scores[name];
    if (one === undefined) return [];
    const { score, standardError, items, evaluator = null } = one;
    const { stageId } = splits[split];
    return [{ benchmark: name, metric, split, score, standardError, items, stageId, evaluator }];
  });
}
