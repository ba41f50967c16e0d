import type { Plan } from '../../domain/plan.js';
import type { RetentionRow } from '../../domain/retention.js';
import { inputIds, type Stage } from '../../domain/stage.js';
import { trialName } from '../../domain/trial.js';
import { loadScales } from '../ledger/read.js';
import { baselinesOf } from '../spec/baselines.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';

/** A trial that was decided on, or that a person asked for: then `trial` is null until it starts. */
export interface Flight {
  readonly trial: number | null;
  readonly stageId: string;
  readonly intervention?: number;
}

export type IsThere = (stageId: string) => Promise<boolean>;

/**
 * The stages that the trials in flight need, by id, with the trial's name: decided on, or a baseline, and not in the
 * ledger yet. A model that is there needs nothing more; one that isn't, needs what it is made from.
 */
export async function neededStages(
  store: Store,
  known: {
    readonly plan: Plan;
    readonly rows: readonly RetentionRow[];
    readonly flights: readonly Flight[];
  },
  isThere: IsThere,
): Promise<ReadonlyMap<string, string>> {
  const booked = new Set<number | null>(known.rows.map(({ trial }) => trial));
  const answered = new Set(known.rows.map(({ intervention }) => intervention));
  const made = new Set(known.rows.filter(({ score }) => score !== null).map(({ stageId }) => stageId));
  const needed = new Map<string, string>();
  const flights: readonly Flight[] = [...baselinesOf(known.plan).trials, ...known.flights];
  for (const { trial, stageId, intervention } of flights) {
    const isBooked = trial === null ? answered.has(intervention) || made.has(stageId) : booked.has(trial);
    const name = trial === null ? 'of a person' : trialName(trial);
    if (!isBooked) await need(stageId, name, { store, isThere, needed });
  }
  return needed;
}

/** The models of scale studies without a result, and what they are made from; with the study's job as the name. */
export async function neededByScales(
  store: Store,
  explorationId: string,
  isThere: IsThere,
): Promise<ReadonlyMap<string, string>> {
  const needed = new Map<string, string>();
  for (const { plan, result } of await loadScales(store, explorationId)) {
    if (result !== null) continue;
    for (const { trial, original, scaled } of plan.pipelines)
      for (const stageId of [original, scaled])
        await need(stageId, `${trialName(trial)} (scale ${plan.label})`, { store, isThere, needed });
  }
  return needed;
}

async function need(
  stageId: string,
  trial: string,
  walk: { readonly store: Store; readonly isThere: IsThere; readonly needed: Map<string, string> },
): Promise<void> {
  if (walk.needed.has(stageId)) return;
  walk.needed.set(stageId, trial);
  if (await walk.isThere(stageId)) return;
  const recipe = await walk.store.read(keys.stage(stageId));
  if (recipe === null) return;
  for (const input of inputIds(JSON.parse(recipe) as Stage)) await need(input, trial, walk);
}
