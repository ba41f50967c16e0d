import type { Attempt } from '../../domain/outcome.js';
import type { Random } from '../../domain/random.js';
import type { Arm, StageWork } from './arms.js';

/** What strikes a worker, and how long until its stage goes on. */
export interface Weather {
  /** Preemptions of a worker in a second, as a Poisson process. */
  readonly rate: number;
  /** The share of preemptions that tell themselves before. */
  readonly noticed: number;
  /** Seconds from the loss of a worker to the next step, drawn from what was measured. */
  waitSeconds(random: Random, noticed: boolean): number;
}

export interface StageRun {
  readonly attempts: readonly Attempt[];
  /** From the first attempt's begin to the last one's end, waits between them too. */
  readonly seconds: number;
  readonly waitedSeconds: number;
  /** Spent on writing checkpoints. */
  readonly writtenSeconds: number;
}

/** More would be an endless restart: the arm can't do this stage in this weather. */
const MOST_ATTEMPTS = 10_000;

/** Runs a stage through all its preemptions. `beganAt`: seconds since the exploration began. */
export function runStage(
  { seconds, kind }: Pick<StageWork, 'seconds' | 'kind'>,
  {
    arm,
    weather,
    random,
    beganAt,
  }: { readonly arm: Arm; readonly weather: Weather; readonly random: Random; readonly beganAt: number },
): StageRun {
  const attempts: Attempt[] = [];
  let [safe, at, waited, spent] = [0, 0, 0, 0];
  while (attempts.length < MOST_ATTEMPTS) {
    const stage: StageWork = { seconds, kind, before: safe };
    const left = seconds - safe;
    const whole = arm.duration(left, stage);
    const struckAfter = weather.rate === 0 ? Infinity : -Math.log(1 - random.real()) / weather.rate;
    const resumed = safe;
    const noticed = random.real() < weather.noticed;
    if (struckAfter >= whole) {
      spent += whole;
      attempts.push(
        attemptOf(attempts.length, {
          from: beganAt + at,
          gpuSeconds: whole,
          resumed,
          last: seconds,
          kept: left,
          end: 'completed',
        }),
      );
      return {
        attempts,
        seconds: at + whole,
        waitedSeconds: waited,
        writtenSeconds: spent - workIn(attempts),
      };
    }
    const { done, safe: saved } = arm.at(struckAfter, stage);
    const isSaved = noticed && arm.heedsNotice;
    const kept = Math.min(left, isSaved ? done : saved);
    spent += struckAfter;
    attempts.push(
      attemptOf(attempts.length, {
        from: beganAt + at,
        gpuSeconds: struckAfter,
        resumed,
        last: resumed + done,
        kept,
        end: isSaved ? 'preempted' : 'lost',
      }),
    );
    safe += kept;
    const wait = weather.waitSeconds(random, isSaved);
    at += struckAfter + wait;
    waited += wait;
  }
  throw new Error(
    `stage of ${String(seconds)} s: expected its end within ${String(MOST_ATTEMPTS)} attempts, got none`,
  );
}

/** Seconds of work in all attempts, kept or lost. */
function workIn(attempts: readonly Attempt[]): number {
  return attempts.reduce((sum, { stepsKept, stepsLost }) => sum + stepsKept + stepsLost, 0);
}

interface Cut {
  /** Seconds since the exploration began. */
  readonly from: number;
  readonly gpuSeconds: number;
  readonly resumed: number;
  readonly last: number;
  readonly kept: number;
  readonly end: Attempt['end'];
}

/** A step is a second of work. */
function attemptOf(before: number, { from, gpuSeconds, resumed, last, kept, end }: Cut): Attempt {
  const lost = last - resumed - kept;
  return {
    ...{ attempt: before + 1, worker: 'simulated', device: 'simulated', reason: '', end },
    startedAt: timeOf(from),
    endedAt: timeOf(from + gpuSeconds),
    ...{
      resumedStep: resumed,
      lastStep: last,
      stepsKept: kept,
      stepsLost: lost,
      gpuSeconds,
      lostGpuSeconds: lost,
    },
  };
}

/** ISO 8601 of a moment of the simulated exploration, which began at the epoch. */
export function timeOf(seconds: number): string {
  return new Date(Math.round(1000 * seconds)).toISOString();
}
