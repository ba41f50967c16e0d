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
const SLACK_SECONDS = 1;

/** What every attempt that another one followed lost, read from the ledger. */
export function lossesOf(
  books: Books,
  strikes: readonly Strike[],
  stepSeconds: StepSeconds,
): readonly Loss[] {
  return attemptsOf(books).flatMap(({ stageId, attempts }) =>
    attempts.slice(0, -1).map((one, index) => {
      const next = attempts[index + 1] ?? one;
      const strike = strikeBehind(one, next, strikes);
      return {
        strike,
        steps: one.stepsLost,
        broken: faultsOf(stageId, one, { strike, seconds: stepSeconds.get(stageId) }),
      };
    }),
  );
}

/**
 * Without notice the steps since the last checkpoint are lost: at most one interval, and the step in which the time was
 * up. A checkpoint that a fault destroyed costs its interval too.
 */
function faultsOf(
  stageId: string,
  { attempt, end, stepsLost, reason }: Attempt,
  { strike, seconds }: { readonly strike: Strike | null; readonly seconds: number | undefined },
): readonly string[] {
  if (stepsLost === 0) return [];
  const what = `attempt ${String(attempt)} of stage ${shortId(stageId)} (${end}: ${reason.slice(0, 80)})`;
  if (end === 'preempted') return [`${what}: expected no step lost after a notice, got ${String(stepsLost)}`];
  if (strike === null) return [`${what}: expected no step lost without a fault, got ${String(stepsLost)}`];
  if (seconds === undefined) return [];
  const most = strike.intervals * Math.ceil((CHECKPOINT_SECONDS + SLACK_SECONDS) / seconds) + 1;
  const rule = `at most ${String(most)} steps lost (${String(strike.intervals)} intervals) by ${strike.fault}`;
  return stepsLost <= most ? [] : [`${what}: expected ${rule}, got ${String(stepsLost)}`];
}

/** The last one between the attempt's start and the next one's. */
function strikeBehind(one: Attempt, next: Attempt, strikes: readonly Strike[]): Strike | null {
  const [from, to] = [Date.parse(one.startedAt), Date.parse(next.startedAt)];
  return strikes.filter(({ at }) => at >= from - 1000 && at <= to).at(-1) ?? null;
}

function attemptsOf(books: Books) {
  return bookings(books).flatMap(({ result }) => result.stages.filter(({ reused }) => !reused));
}
