import { isTrainingKind } from './actionTypes.js';
import type { JsonObject } from './json.js';
import { identify, SOURCE_KINDS, type IdentifiedStage, type Stage } from './stage.js';

/** How a pipeline is run again in another size. */
export interface Substitution {
  /** Times the optimiser steps (warm-up too) and the share of the rows; the rows end at all of them. */
  readonly factor: number;
  /** Stage ids of models that take the place of others, by the id that is replaced. */
  readonly models: ReadonlyMap<string, string>;
}

/** The recipe of a stage; null for imported sources, which nothing changes. */
export type RecipeOf = (stageId: string) => Stage | null;

/**
 * The stages of the pipeline that ends in `target`, with the substitution: dependencies first, the last is the target.
 * Nothing is continued from a shorter run: a longer schedule is another one, so each size has stage ids of its own.
 */
export function substituted(
  target: Stage,
  recipeOf: RecipeOf,
  substitution: Substitution,
): readonly IdentifiedStage[] {
  const made: IdentifiedStage[] = [];
  const known = new Map<string, string>();
  const replaced = (stageId: string): string => {
    const seen = known.get(stageId) ?? substitution.models.get(stageId);
    if (seen !== undefined) return seen;
    const recipe = recipeOf(stageId);
    const now = recipe === null || isSource(recipe) ? stageId : build(recipe);
    known.set(stageId, now);
    return now;
  };
  const build = (stage: Stage): string => {
    const inputs = Object.fromEntries(
      Object.entries(stage.inputs).map(([role, ids]) => [role, ids.map(replaced)]),
    );
    const one = identify(resized({ ...stage, inputs }, substitution.factor));
    made.push(one);
    return one.stageId;
  };
  build(target);
  return made;
}

export function isTraining({ kind }: Pick<Stage, 'kind'>): boolean {
  return isTrainingKind(kind);
}

function isSource({ kind }: Stage): boolean {
  const sources: readonly string[] = SOURCE_KINDS;
  return sources.includes(kind);
}

function resized(stage: Stage, factor: number): Stage {
  if (stage.kind === 'merge') return inOrder(stage);
  if (!isTraining(stage) || factor === 1) return stage;
  const { dataFraction = 1, steps, warmupSteps, ...others } = stage.parameters;
  const share = Math.min(1, Number(dataFraction) * factor);
  const parameters: JsonObject = {
    ...others,
    steps: Math.max(1, Math.round(Number(steps) * factor)),
    ...(warmupSteps === undefined ? {} : { warmupSteps: Math.round(Number(warmupSteps) * factor) }),
    ...(share === 1 ? {} : { dataFraction: share }),
  };
  return { ...stage, parameters };
}

/** Merged models stand in the order of their ids, their weights with them: one merge has one id. */
function inOrder(stage: Stage): Stage {
  const { models = [] } = stage.inputs;
  const weights = (stage.parameters['weights'] ?? models.map(() => 1)) as readonly number[];
  const pairs = models.map((model, index) => ({ model, weight: weights[index] ?? 1 }));
  pairs.sort((a, b) => (a.model < b.model ? -1 : a.model > b.model ? 1 : 0));
  return {
    ...stage,
    inputs: { ...stage.inputs, models: pairs.map(({ model }) => model) },
    parameters: { ...stage.parameters, weights: pairs.map(({ weight }) => weight) },
  };
}
