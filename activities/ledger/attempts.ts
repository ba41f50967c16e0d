import type { Attempt } from '../../domain/outcome.js';
import { stepsKept } from '../../domain/recoveries.js';
import { scaleBooking } from '../../domain/scale.js';
import { trialName, type StageCost } from '../../domain/trial.js';
import { loadExploration, type StoredExploration } from './read.js';
import type { Store } from '../store/store.js';

/** One attempt, and what it worked on. Times are ISO 8601, UTC. */
export interface AttemptRow extends Attempt {
  /** `t0003`; on a later split `confirm-t0003`; of a scale study `scale-data-x2-top3-t0003-scaled`. */
  readonly trial: string;
  readonly stage: string;
  readonly stageId: string;
  readonly stepsKept: number;
}
/** `lamdagent attempts NAME --json`. */
export interface AttemptsView {
  readonly schemaVersion: 1;
  readonly rows: readonly AttemptRow[];
}

/** Every attempt that this exploration paid for: in the order of the ledger, then later splits, then scale studies. */
export function attemptsOf({ rows, finals, scales }: StoredExploration): readonly AttemptRow[] {
  return [
    ...rows.flatMap((row) => ofStages(trialName(row.trial), row.stages)),
    ...finals.flatMap(({ split, result }) => ofStages(`${split}-${trialName(result.trial)}`, result.stages)),
    ...scales.flatMap(({ plan, rows: models }) =>
      models.flatMap(({ job, result }) => ofStages(scaleBooking(plan.label, job), result.stages)),
    ),
  ];
}

function ofStages(trial: string, stages: readonly StageCost[]): readonly AttemptRow[] {
  return stages
    .filter(({ reused }) => !reused)
    .flatMap(({ stageId, kind, attempts }) =>
      attempts.map((attempt) => ({
        ...attempt,
        trial,
        stage: kind,
        stageId,
        stepsKept: stepsKept(attempt),
      })),
    );
}

/** Null when the store knows no exploration of this name. */
export async function loadAttempts(store: Store, name: string): Promise<AttemptsView | null> {
  const found = await loadExploration(store, name);
  return found === null ? null : { schemaVersion: 1, rows: attemptsOf(found) };
}
