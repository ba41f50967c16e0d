import { ApplicationFailure } from '@temporalio/common';
import { fidelityText } from '../../domain/fidelity.js';
import type { Plan } from '../../domain/plan.js';
import { identify, type IdentifiedStage, type Stage } from '../../domain/stage.js';
import { describeAction, stageOfAction } from '../../domain/stageOfAction.js';
import { substituted, type RecipeOf } from '../../domain/substitution.js';
import type { Action, ProposedTrial } from '../../domain/trial.js';
import { loadAncestors } from '../store/recipes.js';
import type { Store } from '../store/store.js';

/** A pipeline at one rung. */
export interface AtRung {
  /** The stage to build. */
  readonly stage: IdentifiedStage;
  /** All recipes that must be on record: the pipeline's own, and those of the rung. */
  readonly stages: readonly IdentifiedStage[];
  readonly place: Pick<ProposedTrial, 'stageId' | 'label' | 'fidelity' | 'recipeId'>;
}

/** The action's pipeline on this share of the data: every training in it, the parents' too. */
export async function atRung(
  store: Store,
  plan: Plan,
  of: { readonly action: Action; readonly fidelity: number; readonly nameOf: (stageId: string) => string },
): Promise<AtRung> {
  const recipe = identify(stageOfAction(plan, of.action));
  const stages = of.fidelity === 1 ? [recipe] : await reduced(store, plan, recipe.stage, of.fidelity);
  const stage = stages.at(-1) ?? recipe;
  const label = describeAction(plan, of.action, of.nameOf);
  if (stage.stageId === recipe.stageId)
    return { stage, stages: [recipe], place: { stageId: stage.stageId, label } };
  const { fidelity } = of;
  const place = { stageId: stage.stageId, label: label + fidelityText({ fidelity }), fidelity };
  return { stage, stages: [recipe, ...stages], place: { ...place, recipeId: recipe.stageId } };
}

/** Recipes of pipelines are on record since they were proposed; only given models have none of their own here. */
async function reduced(
  store: Store,
  plan: Plan,
  stage: Stage,
  factor: number,
): Promise<readonly IdentifiedStage[]> {
  const loaded = await loadAncestors(store, stage);
  const given = new Set([...plan.models, ...plan.datasets].map(({ stageId }) => stageId));
  const recipeOf: RecipeOf = (stageId) => {
    const recipe = given.has(stageId) ? null : loaded(stageId);
    if (recipe !== null || given.has(stageId)) return recipe;
    throw ApplicationFailure.nonRetryable(
      `stage ${stageId}: expected its recipe in ${store.location}, got none. Was part of the store deleted? Restore it, or begin ` +
        'a new exploration.',
      'RecipeMissing',
    );
  };
  return substituted(stage, recipeOf, { factor, models: new Map() });
}
