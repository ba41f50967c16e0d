import { roundTo3Digits } from './parameterSpace.js';

/**
 * A search on growing shares of the data: a new pipeline is tried on the smallest share, and the best of each rung are
 * run again, from their beginning, on the next one (asynchronous successive halving, Li et al. 2020, arXiv 1810.05934).
 */
export interface Fidelity {
  /** Shares of the data, rising; the last is 1. */
  readonly rungs: readonly number[];
  /** One in so many of a rung's trials goes on to the next one. */
  readonly reduction: number;
}

/** 1, 1/reduction, 1/reduction², … down to `smallest`, rising, to three digits. */
export function rungsFrom(smallest: number, reduction: number): readonly number[] {
  const rungs: number[] = [];
  for (let share = 1; share >= smallest * (1 - 1e-9); share /= reduction)
    rungs.unshift(roundTo3Digits(share));
  return rungs;
}

/** Where new pipelines begin; 1 in a search without rungs. */
export function lowestRung({ fidelity }: { readonly fidelity?: Fidelity }): number {
  return fidelity?.rungs[0] ?? 1;
}

/** The share of the data a trial trained on. */
export function fidelityOf({ fidelity }: { readonly fidelity?: number }): number {
  return fidelity ?? 1;
}

export function isFull(trial: { readonly fidelity?: number }): boolean {
  return fidelityOf(trial) === 1;
}

interface Built {
  readonly stageId: string;
  readonly recipeId?: string;
}

/** The pipeline itself, whatever the rung: the id that its last stage has at full fidelity. */
export function recipeOf({ stageId, recipeId }: Built): string {
  return recipeId ?? stageId;
}

/** A trial as policies see it: its stage id is that of the pipeline, so that actions on it mean the same at every rung. */
export function asRecipe<T extends Built>(trial: T): T {
  return trial.recipeId === undefined ? trial : { ...trial, stageId: trial.recipeId };
}

/** ` on 0.25 of the data`, or nothing at full fidelity. */
export function fidelityText(trial: { readonly fidelity?: number }): string {
  return isFull(trial) ? '' : ` on ${String(fidelityOf(trial))} of the data`;
}
