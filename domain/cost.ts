import type { Attempt, BuildOutcome, Evaluated, StageFailure } from './outcome.js';
import type { IdentifiedStage } from './stage.js';
import type { StageCost } from './trial.js';

/** What building a stage cost over all its attempts, lost ones included. */
export function buildCost(built: IdentifiedStage, outcome: BuildOutcome): StageCost {
  const reused = outcome.status === 'completed' && outcome.reused;
  return { stageId: built.stageId, kind: built.stage.kind, reused, ...attemptTotals(outcome.attempts) };
}

/** What one evaluation activity cost; it is booked under the first of the stages it scored. */
export function evaluationCost(
  outcome: Evaluated | StageFailure,
  stages: readonly IdentifiedStage[],
): StageCost {
  const scores = outcome.status === 'completed' ? outcome.scores : [];
  const paid = scores.find((score) => !score.reused);
  const stageId = outcome.status === 'completed' ? (paid ?? scores[0])?.stageId : outcome.stageId;
  const reused = outcome.status === 'completed' && paid === undefined;
  return {
    stageId: stageId ?? stages[0]?.stageId ?? '',
    kind: 'evaluate',
    reused,
    ...attemptTotals(outcome.attempts),
  };
}

export function attemptTotals(
  attempts: readonly Attempt[],
): Pick<StageCost, 'gpuSeconds' | 'lostGpuSeconds' | 'attempts'> {
  return {
    gpuSeconds: attempts.reduce((total, one) => total + one.gpuSeconds, 0),
    lostGpuSeconds: attempts.reduce((total, one) => total + one.lostGpuSeconds, 0),
    attempts,
  };
}

/** The outcome with the attempts before it (on smaller classes of workers) put first, numbered on. */
export function afterAttempts<Outcome extends { readonly attempts: readonly Attempt[] }>(
  earlier: readonly Attempt[],
  outcome: Outcome,
): Outcome {
  const before = earlier.at(-1)?.attempt ?? 0;
  const later = outcome.attempts.map((one) => ({ ...one, attempt: one.attempt + before }));
  return { ...outcome, attempts: [...earlier, ...later] };
}
