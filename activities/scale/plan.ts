import { exposureOf, type Exposure } from '../../domain/exposure.js';
import { isFull } from '../../domain/fidelity.js';
import type { Plan } from '../../domain/plan.js';
import { ranking } from '../../domain/ranking.js';
import type { ScaledPipeline, ScalePlan } from '../../domain/scale.js';
import type { IdentifiedStage } from '../../domain/stage.js';
import { substituted, type Substitution } from '../../domain/substitution.js';
import { trialName, type TrialRecord } from '../../domain/trial.js';
import type { StoredExploration } from '../ledger/read.js';
import { loadAncestors, loadRecipe, putRecipes } from '../store/recipes.js';
import type { Store } from '../store/store.js';
import { invalidScale, type CheckedRequest } from './request.js';

/** The best found pipelines at full fidelity, each with its twin; all recipes are on record when it returns. */
export async function planScale(
  store: Store,
  { plan, rows }: StoredExploration,
  request: CheckedRequest,
): Promise<ScalePlan> {
  const { exploration, label, factor, base, top } = request;
  const [first] = plan.models;
  const found = ranking(rows.filter(isFound)).slice(0, top);
  if (first === undefined || found.length === 0)
    throw invalidScale([
      {
        path: exploration,
        rule: 'at least one found pipeline that was completed on all of the data',
        value: 'none',
        hint: 'Give the search a larger budget.',
      },
    ]);
  const models = new Map(base === null ? [] : [[first.stageId, base.stageId]]);
  const pipelines: ScaledPipeline[] = [baseTwin(first, base?.stageId ?? first.stageId)];
  for (const row of found) pipelines.push(await twin(store, { plan, row }, { factor, models }));
  const { explorationId } = plan;
  return { schemaVersion: 1, explorationId, exploration, label, factor, base, pipelines };
}

/** Baselines were not found by the search. */
function isFound(row: TrialRecord): boolean {
  return row.origin !== 'base' && row.origin !== 'allData' && row.status === 'completed' && isFull(row);
}

function baseTwin({ name, stageId }: Plan['models'][number], scaled: string): ScaledPipeline {
  const training = { original: [], scaled: [] };
  return { trial: 0, label: `base: ${name}`, original: stageId, scaled, training };
}

async function twin(
  store: Store,
  { plan, row }: { readonly plan: Plan; readonly row: TrialRecord },
  substitution: Substitution,
): Promise<ScaledPipeline> {
  const { trial, label, stageId } = row;
  const stage = await loadRecipe(store, stageId);
  if (stage === null)
    throw invalidScale([
      {
        path: trialName(trial),
        rule: `the recipe ${stageId} in ${store.location}`,
        value: 'none',
        hint: '',
      },
    ]);
  const recipeOf = await loadAncestors(store, stage);
  const original = substituted(stage, recipeOf, { factor: 1, models: new Map() });
  const scaled = substituted(stage, recipeOf, substitution);
  await putRecipes(store, scaled);
  const training = { original: exposures(plan, original), scaled: exposures(plan, scaled) };
  return { trial, label, original: stageId, scaled: scaled.at(-1)?.stageId ?? stageId, training };
}

function exposures(plan: Plan, stages: readonly IdentifiedStage[]): readonly Exposure[] {
  const rows = new Map(plan.datasets.map((dataset) => [dataset.stageId, dataset.rows]));
  return stages.flatMap(({ stage }) => exposureOf(stage, (id) => rows.get(id) ?? 0) ?? []);
}
