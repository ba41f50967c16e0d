import type { Exploration } from './exploration.js';
import { BUILD_KINDS, type BuildKind } from './stage.js';
import type { ProposedTrial, TrialRecord } from './trial.js';

/** What trials of one action type took, together. */
export interface KindCost {
  readonly trials: number;
  readonly gpuSeconds: number;
}
/** By action type, over the trials whose model was made and not found. */
export type KindCosts = Readonly<Partial<Record<BuildKind, KindCost>>>;

/** Adds a row; rows without an action, and those whose model was reused, tell nothing of what a trial takes. */
export function withCost(costs: KindCosts, { action, stageId, stages }: TrialRecord): KindCosts {
  const made = stages.find((stage) => stage.stageId === stageId);
  if (action === null || made === undefined || made.reused) return costs;
  const paid = stages.filter(({ reused }) => !reused);
  const gpuSeconds = paid.reduce((total, stage) => total + stage.gpuSeconds, 0);
  const known = costs[action.kind] ?? { trials: 0, gpuSeconds: 0 };
  return {
    ...costs,
    [action.kind]: { trials: known.trials + 1, gpuSeconds: known.gpuSeconds + gpuSeconds },
  };
}

/** GPU-seconds that a trial of the type takes: measured, else as the user states, else as others took; null: unknown. */
export function estimateOf(costs: KindCosts, stated: number | null, kind: BuildKind | null): number | null {
  const measured = kind === null ? undefined : costs[kind];
  if (measured !== undefined) return measured.gpuSeconds / measured.trials;
  return kind === null ? (meanOf(costs) ?? stated) : (stated ?? meanOf(costs));
}

/** The mean over all trials of all types. */
export function meanOf(costs: KindCosts): number | null {
  const all = BUILD_KINDS.flatMap((kind) => costs[kind] ?? []);
  const trials = all.reduce((total, one) => total + one.trials, 0);
  return trials === 0 ? null : all.reduce((total, one) => total + one.gpuSeconds, 0) / trials;
}

type Costed = Pick<Exploration, 'costs' | 'plan' | 'inFlight' | 'waiting'>;

/** GPU-seconds that trials in flight are expected to take; what can't be estimated reserves nothing. */
export function reservedGpuSeconds(state: Costed): number {
  const trials: readonly ProposedTrial[] = [...state.inFlight.map((one) => one.proposed), ...state.waiting];
  const stated = state.plan.budget.gpuSecondsPerTrial ?? null;
  return trials
    .filter(({ action }) => action !== null)
    .reduce(
      (total, { action }) => total + (estimateOf(state.costs ?? {}, stated, action?.kind ?? null) ?? 0),
      0,
    );
}

/** What the policy's next trial is expected to take, before its type is known; 0 where nothing is known. */
export function nextGpuSeconds({ costs = {}, plan }: Costed): number {
  return estimateOf(costs, plan.budget.gpuSecondsPerTrial ?? null, null) ?? 0;
}
