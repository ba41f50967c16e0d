import { recipeOf } from './fidelity.js';
import type { RequestedTrial } from './intervention.js';
import { nearest } from './nearest.js';
import type { ParameterValues } from './parameterSpace.js';
import type { Plan } from './plan.js';
import { inheritedIds, nameInPool, poolOf, type Pool } from './pool.js';
import { faultOfAction } from './space.js';
import { stageIdOf } from './stage.js';
import { describeAction, stageOfAction } from './stageOfAction.js';
import { trialName, type Action, type TrialRecord } from './trial.js';
import { usualParameters } from './usualParameters.js';

/** An action as people write it: models by their names in the pool (`base`, `t0003`), parameters as far as they matter. */
export interface WrittenAction {
  readonly kind: string;
  readonly models: readonly string[];
  readonly datasets: readonly string[];
  readonly parameters: ParameterValues;
}
/** What a person asks for: a trial of their own, or a failed one again. */
export type TrialRequest =
  | { readonly kind: 'propose'; readonly action: WrittenAction }
  | { readonly kind: 'retry'; readonly trial: number };

/** What the search knows at this moment. */
export interface RequestWorld {
  readonly plan: Plan;
  readonly rows: readonly TrialRecord[];
  /** Stage ids in flight, or waiting for their start. */
  readonly pending: readonly string[];
}
export type JudgedRequest =
  | { readonly kind: 'accepted'; readonly requested: RequestedTrial }
  | { readonly kind: 'refused'; readonly reason: string };

/** Whether the request can become a trial now; if not, why not and what could. */
export function judgeRequest(world: RequestWorld, request: TrialRequest): JudgedRequest {
  try {
    const requested =
      request.kind === 'retry' ? retryOf(world, request.trial) : proposalOf(world, request.action);
    return { kind: 'accepted', requested };
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', reason: error.message };
    throw error;
  }
}

class Refused extends Error {}

function proposalOf({ plan, rows, pending }: RequestWorld, written: WrittenAction): RequestedTrial {
  const pool = poolOf(plan, rows);
  const action = actionOf(plan, { pool, rows }, written);
  const fault = faultOfAction({ plan, pool }, action);
  if (fault !== null) throw new Refused(fault);
  const requested = requestedOf(plan, pool, action);
  const { stageId } = requested;
  if (pending.includes(stageId))
    throw new Refused(`action: expected a new one, but "${requested.label}" is being tried already`);
  const row = rows.findLast((one) => one.stageId === stageId);
  const how = row?.score === null ? `${row.status}; \`retry\` tries it again` : 'its score stands';
  if (row !== undefined)
    throw new Refused(`action: expected a new one, but it is that of ${trialName(row.trial)} (${how})`);
  if (inheritedIds(plan, rows).includes(stageId))
    throw new Refused('action: expected a new one, but an inherited trial did it with another seed');
  return requested;
}

function retryOf({ plan, rows, pending }: RequestWorld, trial: number): RequestedTrial {
  const what = trialName(trial);
  const row = rows.find((one) => one.trial === trial);
  if (row === undefined)
    throw new Refused(`trial: expected one that failed, got ${what}, which has no result yet`);
  const { action, stageId, status } = row;
  if (status === 'completed')
    throw new Refused(
      `trial: expected one that failed, but ${what} completed: the same again gives the same`,
    );
  if (action === null) throw new Refused(`trial: expected one with an action, got ${what}, the base`);
  if (pending.includes(stageId))
    throw new Refused(`trial: expected one that failed, but ${what} is being tried again`);
  const later = rows.find((one) => one.stageId === stageId && one.status === 'completed');
  if (later !== undefined)
    throw new Refused(
      `trial: expected one that failed, but ${trialName(later.trial)} tried ${what} again and completed`,
    );
  if (row.inherited !== undefined && stageIdOf(stageOfAction(plan, action)) !== stageId)
    throw new Refused(
      `trial: expected one of this seed, but ${what} was inherited from another. \`propose\` tries it.`,
    );
  const { label, fidelity, recipeId } = row;
  const rung = fidelity === undefined ? {} : { fidelity };
  return { action, stageId, label, ...rung, ...(recipeId === undefined ? {} : { recipeId }), retryOf: trial };
}

function requestedOf(plan: Plan, pool: Pool, action: Action): RequestedTrial {
  const stageId = stageIdOf(stageOfAction(plan, action));
  return { action, stageId, label: describeAction(plan, action, (id) => nameInPool(pool, id)) };
}

/** Names become ids, and what is left out gets its usual value. */
function actionOf(
  plan: Plan,
  world: { readonly pool: Pool; readonly rows: readonly TrialRecord[] },
  written: WrittenAction,
): Action {
  const space = plan.actions.find(({ kind }) => kind === written.kind);
  const kinds = plan.actions.map(({ kind }) => kind);
  if (space === undefined)
    throw new Refused(
      `kind: expected one of ${kinds.join(', ')}, got ${written.kind}.${hint(written.kind, kinds)}`,
    );
  const models = written.models.map((name) => modelId(world, name));
  const parameters = { ...written.parameters, ...usualParameters(space, written.parameters) };
  return { kind: space.kind, models, datasets: written.datasets, parameters };
}

function modelId(
  { pool, rows }: { readonly pool: Pool; readonly rows: readonly TrialRecord[] },
  name: string,
): string {
  const found = [...pool.values()].find((model) => model.name === name || model.stageId === name);
  if (found !== undefined) return found.stageId;
  const row = rows.find((one) => trialName(one.trial) === name);
  if (row !== undefined && pool.has(recipeOf(row))) return recipeOf(row);
  if (row !== undefined)
    throw new Refused(`models: expected a model of the pool, got ${name}, which ${row.status}`);
  const names = [...pool.values()].map((model) => model.name);
  throw new Refused(`models: expected a model of the pool, got ${name}.${hint(name, names)}`);
}

function hint(word: string, names: readonly string[]): string {
  const near = nearest(word, names);
  return near === null ? ` There are: ${names.slice(-20).join(', ')}.` : ` Did you mean ${near}?`;
}
