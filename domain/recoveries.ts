import type { Attempt, AttemptEnd } from './outcome.js';
import type { StageCost } from './trial.js';

/** The ways an attempt is cut short: asked to stop, vanished, or failed by itself. */
export const INTERRUPTIONS = ['preempted', 'lost', 'failed'] as const satisfies readonly AttemptEnd[];
export type Interruption = (typeof INTERRUPTIONS)[number];

export interface Losses {
  readonly attempts: number;
  /** Steps that had to be done again. */
  readonly stepsLost: number;
  readonly lostGpuSeconds: number;
}

/** What was cut short and taken up again, over any number of stages. Reused stages are not counted: others paid them. */
export interface Recoveries {
  /** Attempts after the first one of a stage. */
  readonly attempts: number;
  /** Those of them that went on from a checkpoint. */
  readonly resumed: number;
  /** Steps of attempts that were cut short and that later ones stood on. */
  readonly stepsKept: number;
  readonly stepsLost: number;
  readonly lostGpuSeconds: number;
  /** Attempts that were cut short, by the way they ended. */
  readonly cutShort: Readonly<Record<Interruption, Losses>>;
}

const NOTHING: Losses = { attempts: 0, stepsLost: 0, lostGpuSeconds: 0 };
export const NO_RECOVERIES: Recoveries = {
  attempts: 0,
  resumed: 0,
  stepsKept: 0,
  stepsLost: 0,
  lostGpuSeconds: 0,
  cutShort: { preempted: NOTHING, lost: NOTHING, failed: NOTHING },
};

/** Something with stages: a trial, or a model's scoring on a later split. */
interface WithStages {
  readonly stages: readonly Pick<StageCost, 'reused' | 'attempts'>[];
}

export function recoveriesOf(rows: readonly WithStages[]): Recoveries {
  return rows.reduce(withRecoveries, NO_RECOVERIES);
}

/** `total` and what the row's own attempts add. */
export function withRecoveries(total: Recoveries, { stages }: WithStages): Recoveries {
  return stages
    .filter(({ reused }) => !reused)
    .flatMap(({ attempts }) => attempts)
    .reduce(withAttempt, total);
}

function withAttempt(total: Recoveries, attempt: Attempt): Recoveries {
  const { end, stepsLost, lostGpuSeconds } = attempt;
  const isCutShort = end !== 'completed';
  return {
    attempts: total.attempts + (attempt.attempt > 1 ? 1 : 0),
    resumed: total.resumed + (attempt.resumedStep > 0 ? 1 : 0),
    stepsKept: total.stepsKept + (isCutShort ? stepsKept(attempt) : 0),
    stepsLost: total.stepsLost + stepsLost,
    lostGpuSeconds: total.lostGpuSeconds + lostGpuSeconds,
    cutShort: isCutShort ? { ...total.cutShort, [end]: sumOf(total.cutShort[end], attempt) } : total.cutShort,
  };
}

function sumOf(total: Losses, { stepsLost, lostGpuSeconds }: Attempt): Losses {
  return {
    attempts: total.attempts + 1,
    stepsLost: total.stepsLost + stepsLost,
    lostGpuSeconds: total.lostGpuSeconds + lostGpuSeconds,
  };
}

/** Rows of 0.1 don't say it; it follows from the others. */
export function stepsKept(attempt: Omit<Attempt, 'stepsKept'> & { readonly stepsKept?: number }): number {
  const { resumedStep, lastStep, stepsLost } = attempt;
  return attempt.stepsKept ?? Math.max(0, lastStep - resumedStep - stepsLost);
}

/** False for a first attempt that went through: nothing to tell of it. */
export function isEventful({ attempt, end }: Attempt): boolean {
  return attempt > 1 || end !== 'completed';
}

/** "2 preempted, 1 lost; tried again 3 times, 2 from a checkpoint; 40 steps kept, 4 lost; 3.2 GPU-seconds lost"; null: nothing happened. */
export function recoveryText(recoveries: Recoveries): string | null {
  const { attempts, resumed, cutShort, lostGpuSeconds } = recoveries;
  const ways = INTERRUPTIONS.filter((way) => cutShort[way].attempts > 0);
  if (ways.length === 0 && attempts === 0) return null;
  return [
    ways.map((way) => `${String(cutShort[way].attempts)} ${way}`).join(', '),
    `tried again ${attempts === 1 ? 'once' : `${String(attempts)} times`}, ${String(resumed)} from a checkpoint`,
    `${String(recoveries.stepsKept)} steps kept, ${String(recoveries.stepsLost)} lost`,
    `${lostGpuSeconds.toFixed(1)} GPU-seconds lost`,
  ]
    .filter((part) => part !== '')
    .join('; ');
}
