import type { AuditRule, Books, Finding } from './audit.js';
import { bookings } from './auditStages.js';
import type { Attempt } from './outcome.js';
import { shortId } from './stage.js';
import type { StageCost, TrialStatus } from './trial.js';

/** What each stage's attempts must look like. */
export const attemptRules: readonly AuditRule[] = [
  {
    name: 'attemptOrder',
    says: 'attempts have rising numbers from 1 on',
    check: (books) => each(books, attemptOrder),
  },
  {
    name: 'oneCompleted',
    says: 'a paid stage that was made has one completed attempt, the last',
    check: (books) => each(books, oneCompleted),
  },
  {
    name: 'stepsAddUp',
    says: 'steps kept and lost are the steps done; those kept make the result',
    check: (books) => each(books, stepsAddUp),
  },
  {
    name: 'lostTime',
    says: 'an attempt loses at most the time it took',
    check: (books) => each(books, lostTime),
  },
  {
    name: 'preemptionIsNoFailure',
    says: 'a trial fails by a failed or lost attempt, never by a preempted one',
    check: preemptionIsNoFailure,
  },
];

interface Paid {
  readonly where: string;
  readonly stage: StageCost;
  /** The stage that ended a failed trial is its last; all before it were made. */
  readonly made: boolean;
}
type Check = (paid: Paid) => readonly Finding[];

/** Every stage that a row or a final re-scoring paid. */
function paidStages(books: Books): readonly Paid[] {
  return bookings(books).flatMap(({ name, result }) =>
    result.stages
      .map((stage, index) => ({
        stage,
        where: `stage ${shortId(stage.stageId)} of ${name}`,
        made: result.status === 'completed' || index < result.stages.length - 1,
      }))
      .filter(({ stage }) => !stage.reused),
  );
}

function each(books: Books, check: Check): readonly Finding[] {
  return paidStages(books).flatMap(check);
}

function attemptOrder({ where, stage }: Paid): readonly Finding[] {
  const numbers = stage.attempts.map(({ attempt }) => attempt);
  const rising = numbers.every((attempt, index) => attempt > (numbers[index - 1] ?? 0));
  return rising
    ? []
    : [{ rule: 'attemptOrder', where, expected: 'rising attempt numbers from 1', got: numbers.join(', ') }];
}

/** The splits of one evaluation share its attempts, so the others of a trial that was looked up again have none. */
function oneCompleted({ where, stage, made }: Paid): readonly Finding[] {
  const ends = stage.attempts.map(({ end }) => end);
  const expected = made ? 'one completed attempt, the last' : 'no completed attempt';
  const first = ends.indexOf('completed');
  const isRight = made
    ? (ends.length > 0 && first === ends.length - 1) || (ends.length === 0 && stage.kind === 'evaluate')
    : first === -1;
  return isRight ? [] : [{ rule: 'oneCompleted', where, expected, got: ends.join(', ') || 'no attempts' }];
}

function stepsAddUp({ where, stage, made }: Paid): readonly Finding[] {
  const expected = keptBy(stage.attempts);
  const wrong = stage.attempts.flatMap((one, index) => faultOfSteps(where, one, expected[index] ?? 0));
  const kept = stage.attempts.reduce((total, one) => total + one.stepsKept, 0);
  const last = stage.attempts.at(-1);
  if (!made || last === undefined || kept === last.lastStep) return wrong;
  const all = `${String(last.lastStep)} steps kept in all`;
  return [...wrong, { rule: 'stepsAddUp', where, expected: all, got: String(kept) }];
}

/**
 * What later attempts, or the result, stand on, walking back from the last attempt: the steps up to the checkpoint that
 * it went on from were done by the newest attempt that had come that far, and so on.
 */
function keptBy(attempts: readonly Attempt[]): readonly number[] {
  const kept = attempts.map(() => 0);
  let needed: number | null = null;
  for (let index = attempts.length - 1; index >= 0; index -= 1) {
    const { end, resumedStep, lastStep } = attempts[index] ?? { end: 'lost', resumedStep: 0, lastStep: 0 };
    if (needed === null) {
      kept[index] = end === 'completed' ? lastStep - resumedStep : 0;
      needed = resumedStep;
    } else if (resumedStep < needed && needed <= lastStep) {
      kept[index] = needed - resumedStep;
      needed = resumedStep;
    }
  }
  return kept;
}

function faultOfSteps(where: string, one: Attempt, kept: number): readonly Finding[] {
  const { resumedStep, lastStep, stepsKept, stepsLost } = one;
  const lost = lastStep - resumedStep - kept;
  if (lastStep >= resumedStep && stepsKept === kept && stepsLost === lost) return [];
  const at = `attempt ${String(one.attempt)} of ${where}, steps ${String(resumedStep)} to ${String(lastStep)}`;
  const text = (of: number, without: number): string => `${String(of)} kept and ${String(without)} lost`;
  return [{ rule: 'stepsAddUp', where: at, expected: text(kept, lost), got: text(stepsKept, stepsLost) }];
}

function lostTime({ where, stage }: Paid): readonly Finding[] {
  return stage.attempts
    .filter(({ gpuSeconds, lostGpuSeconds }) => !(lostGpuSeconds >= 0 && lostGpuSeconds <= gpuSeconds))
    .map(({ attempt, gpuSeconds, lostGpuSeconds }) => ({
      ...{ rule: 'lostTime', where: `attempt ${String(attempt)} of ${where}` },
      ...{ expected: `0 to ${String(gpuSeconds)} GPU-seconds lost`, got: String(lostGpuSeconds) },
    }));
}

function preemptionIsNoFailure(books: Books): readonly Finding[] {
  return bookings(books).flatMap(({ name, result: { status, stages } }) => {
    const attempts = stages.at(-1)?.attempts ?? [];
    if (status === 'completed' || attempts.length === 0 || mayFail(status, attempts)) return [];
    const got = attempts.map(({ end }) => end).join(', ');
    return [
      {
        rule: 'preemptionIsNoFailure',
        where: `${name}, ${status}`,
        expected: 'a failed or lost attempt at its end',
        got,
      },
    ];
  });
}

/** A crash may be found out by a later attempt: the last one that was not preempted counts. */
function mayFail(status: TrialStatus, attempts: readonly Attempt[]): boolean {
  if (status !== 'crashed') return attempts.at(-1)?.end === 'failed';
  const last = attempts.filter(({ end }) => end !== 'preempted').at(-1);
  return last !== undefined && last.end !== 'completed';
}
