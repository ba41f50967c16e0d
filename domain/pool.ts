import { fidelityOf, recipeOf } from './fidelity.js';
import type { Plan } from './plan.js';
import { stageIdOf } from './stage.js';
import { stageOfAction } from './stageOfAction.js';
import { trialName, type TrialRecord } from './trial.js';

/** A model that later actions may build on. In a search with rungs it is a pipeline, whatever share of the data it saw. */
export interface PoolModel {
  /** The stage's id at full fidelity. */
  readonly stageId: string;
  /** The spec's name of a given model, else the name of the first trial that made it. */
  readonly name: string;
  /** Models with equal counts are taken to share an architecture, so that they can be merged. */
  readonly parameterCount: number;
  /** The row that scored it, of several the one on most data; null for a given model that was not scored. */
  readonly row: TrialRecord | null;
}

/** By stage id, in the order they joined. */
export type Pool = ReadonlyMap<string, PoolModel>;

/** The given models and every completed trial's model. */
export function poolOf(plan: Plan, rows: readonly TrialRecord[]): Pool {
  const pool = givenModels(plan);
  for (const row of rows) joinPool(plan, pool, row);
  return pool;
}

/** The pool before any trial. */
export function givenModels({ models }: Pick<Plan, 'models'>): Map<string, PoolModel> {
  return new Map(
    models.map(({ stageId, name, parameterCount }) => [
      stageId,
      { stageId, name, parameterCount, row: null },
    ]),
  );
}

/** Adds a row's model, in place; returns it when the pool did not have it. */
export function joinPool(plan: Plan, pool: Map<string, PoolModel>, row: TrialRecord): PoolModel | null {
  if (row.status !== 'completed') return null;
  const recipeId = recipeOf(row);
  const known = pool.get(recipeId);
  if (known === undefined) {
    const model = made(plan, pool, row);
    pool.set(recipeId, model);
    return model;
  }
  if (known.row === null || fidelityOf(row) > fidelityOf(known.row)) pool.set(recipeId, { ...known, row });
  return null;
}

/** Actions keep the architecture of the models they apply to. */
function made(plan: Plan, pool: Pool, row: TrialRecord): PoolModel {
  const parent = pool.get(row.action?.models[0] ?? '') ?? plan.models[0];
  return {
    stageId: recipeOf(row),
    name: trialName(row.trial),
    parameterCount: parent?.parameterCount ?? 0,
    row,
  };
}

/** How people call a model: its pool name, else the start of its stage id. */
export function nameInPool(pool: Pool, stageId: string): string {
  return pool.get(stageId)?.name ?? stageId.slice(0, 8);
}

/** Whether an id must not be proposed again. */
export type Tried = Pick<ReadonlySet<string>, 'has'>;

/** Ids that must not be proposed again: all that was tried, failures included, or is being tried. */
export function triedStageIds(
  plan: Plan,
  rows: readonly TrialRecord[],
  inFlight: readonly { readonly stageId: string; readonly recipeId?: string }[],
): ReadonlySet<string> {
  return new Set([...[...plan.models, ...rows, ...inFlight].map(recipeOf), ...inheritedIds(plan, rows)]);
}

/** What inherited actions would be under this exploration's seed: they are not repeated under it either. */
export function inheritedIds(plan: Plan, rows: readonly TrialRecord[]): readonly string[] {
  return rows.flatMap(({ inherited, action }) =>
    inherited === undefined || action === null ? [] : [stageIdOf(stageOfAction(plan, action))],
  );
}
