import type { Attempt } from './outcome.js';

/** How far a stage had come: optimiser steps done, at a time of its own. */
export interface StepPoint {
  /** Seconds of work on it until then, all attempts one after the other; waiting between them is left out. */
  readonly seconds: number;
  readonly step: number;
}
/** One attempt: it worked at an even pace from `from` to `to`, as far as the ledger tells. */
export interface StepLeg {
  readonly attempt: Attempt;
  readonly from: StepPoint;
  readonly to: StepPoint;
}

/**
 * Steps against working time, an attempt a leg. Where one begins lower than the one before it ended, steps were lost.
 * The ledger keeps where attempts began and ended, nothing between: legs are straight.
 */
export function stepCurve(attempts: readonly Attempt[]): readonly StepLeg[] {
  let seconds = 0;
  return [...attempts]
    .sort((a, b) => a.attempt - b.attempt)
    .map((attempt) => {
      const from = { seconds, step: attempt.resumedStep };
      seconds += Math.max(0, attempt.gpuSeconds);
      return { attempt, from, to: { seconds, step: Math.max(attempt.resumedStep, attempt.lastStep) } };
    });
}
