import { bookings } from '../../domain/auditStages.js';
import type { Books } from '../../domain/audit.js';
import type { Attempt } from '../../domain/outcome.js';
import { shortId } from '../../domain/stage.js';
import { CHECKPOINT_SECONDS } from './spec.js';

/** A fault that struck, as far as lost work depends on it. */
export interface Strike {
  readonly fault: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly intervals: 0 | 1 | 2;
}

/** Steps that were done twice, and the strike behind it; null: nothing struck meanwhile. */
export interface Loss {
  readonly strike: Strike | null;
  readonly steps: number;
  /** Promise P2 broken, in words. */
  readonly broken: readonly string[];
}

/** Seconds of one step, unkilled, by stage id: from the reference's ledger, start-up included. */
export type StepSeconds = ReadonlyMap<string, number>;

export function stepSecondsOf(books: Books): StepSeconds {
  const whole = attemptsOf(books).filter(({ attempts }) => attempts.length === 1);
  return new Map(
    whole.flatMap(({ stageId, attempts: [one] }) =>
      one === undefined || one.lastStep === 0 ? [] : [[stageId, one.gpuSeconds / one.lastStep] as const],
    ),
  );
}

/** Clocks of two processes, and what a step takes more or less than in the reference. */
export const SLACK_SECONDS = 1;

/** What the losses are measured by. */
export interface Allowance {
  readonly stepSeconds: StepSeconds;
  /** Beyond the checkpoint interval. */
  readonly slackSeconds: number;
}

/** What every attempt that another one followed lost, read from the ledger. */
export function lossesOf(
  books: Books,
  strikes: readonly Strike[],
  { stepSeconds, slackSeconds }: Allowance,
): readonly Loss[] {
  return attemptsOf(books).flatMap(({ stageId, attempts }) =>
    attempts.slice(0, -1).map((one, index) => {
      const strike = strikeBehind(one, attempts.slice(index + 1), strikes);
      const seconds = fasterOf(stepSeconds.get(stageId), ownStepSeconds(one));
      const steps = seconds === null ? null : Math.ceil((CHECKPOINT_SECONDS + slackSeconds) / seconds);
      const broken = faultsOf(one, { stageId, strike, stepsAnInterval: steps });
      return { strike, steps: one.stepsLost, broken };
    }),
  );
}

/** Seconds of a step of this attempt, its start-up included; undefined before its first step. */
function ownStepSeconds({ lastStep, resumedStep, gpuSeconds }: Attempt): number | undefined {
  const steps = lastStep - resumedStep;
  return steps > 0 && gpuSeconds > 0 ? gpuSeconds / steps : undefined;
}

/** A busy machine slows the one or the other, and a step's time says how many fit between two checkpoints. */
function fasterOf(...paces: readonly (number | undefined)[]): number | null {
  const known = paces.filter((one) => one !== undefined);
  return known.length === 0 ? null : Math.min(...known);
}

interface Circumstances {
  readonly stageId: string;
  readonly strike: Strike | null;
  /** Most steps between two checkpoints; null where neither the attempt nor the twin tells a pace. */
  readonly stepsAnInterval: number | null;
}

/**
 * Without notice the steps since the last checkpoint are lost: at most one interval, and the step in which the time was
 * up. A checkpoint that a fault destroyed costs its interval too.
 */
function faultsOf(one: Attempt, { stageId, strike, stepsAnInterval }: Circumstances): readonly string[] {
  if (one.stepsLost === 0) return [];
  const what = `attempt ${String(one.attempt)} of stage ${shortId(stageId)} (${one.end}: ${one.reason.slice(0, 80)})`;
  const got = `got ${String(one.stepsLost)}`;
  if (strike === null) return [`${what}: expected no step lost without a fault, ${got}`];
  if (one.end === 'preempted' && strike.intervals < 2)
    return [`${what}: expected no step lost after a notice, ${got}`];
  if (stepsAnInterval === null) return [];
  const most = strike.intervals * stepsAnInterval + 1;
  const rule = `at most ${String(most)} steps lost (${String(strike.intervals)} intervals) by ${strike.fault}`;
  return one.stepsLost <= most ? [] : [`${what}: expected ${rule}, ${got}`];
}

/** The worst one from the attempt's start until an attempt began that had to go back behind its end. */
function strikeBehind(one: Attempt, later: readonly Attempt[], strikes: readonly Strike[]): Strike | null {
  const heir = later.find(({ resumedStep }) => resumedStep < one.lastStep) ?? later[0] ?? one;
  const [from, to] = [Date.parse(one.startedAt) - 1000, Date.parse(heir.startedAt)];
  const inBetween = strikes.filter(({ at }) => at >= from && at <= to);
  return [...inBetween].sort((a, b) => a.intervals - b.intervals || a.at - b.at).at(-1) ?? null;
}

function attemptsOf(books: Books) {
  return bookings(books).flatMap(({ result }) => result.stages.filter(({ reused }) => !reused));
}
