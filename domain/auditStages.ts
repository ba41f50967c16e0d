import type { AuditRule, Books, Finding } from './audit.js';
import { repeated } from './auditTrials.js';
import { scaleBooking } from './scale.js';
import { shortId } from './stage.js';
import { trialName, type StageCost, type TrialResult } from './trial.js';

/** Who paid for what, and that equal stages have equal weights. */
export const stageRules: readonly AuditRule[] = [
  { name: 'paidOnce', says: 'no stage is booked as paid twice', check: paidOnce },
  {
    name: 'everyStageBooked',
    says: 'the model of a completed policy trial is booked in its row',
    check: everyStageBooked,
  },
  {
    name: 'paidByMaker',
    says: 'what was made for a trial is booked as paid by that trial',
    check: paidByMaker,
  },
  { name: 'spend', says: 'a stage costs the sum of its attempts', check: spend },
  { name: 'sameWeights', says: 'equal stage ids have equal weights', check: sameWeights },
];

/** A row, a final re-scoring or a model of a scale study, with the name its requester has. */
export interface Booking {
  readonly name: string;
  readonly result: TrialResult;
}

/** All bookings, the later splits' too. */
export function bookings({ rows, finals, scales }: Books): readonly Booking[] {
  return [
    ...rows.map((result) => ({ name: trialName(result.trial), result })),
    ...finals.map(({ split, result }) => ({ name: `${split}-${trialName(result.trial)}`, result })),
    ...scales.flatMap(({ plan, rows: scored }) =>
      scored.map(({ job, result }) => ({ name: scaleBooking(plan.label, job), result })),
    ),
  ];
}

function paidOnce(books: Books): readonly Finding[] {
  const paid = bookings(books).flatMap(({ name, result }) =>
    result.stages.filter(({ reused }) => !reused).map((stage) => ({ name, result, stage })),
  );
  return repeated(paid.map(({ stage }) => stage.stageId))
    .map((stageId) => paid.filter(({ stage }) => stage.stageId === stageId))
    .filter((group) => !isTriedAgain(group))
    .map((group) => ({
      ...{
        rule: 'paidOnce',
        where: `stage ${shortId(group[0]?.stage.stageId ?? '')}`,
        expected: 'paid once',
      },
      got: `paid by ${group.map(({ name }) => name).join(', ')}`,
    }));
}

/** A stage that failed may be paid again by the trial that tried it again: other attempts, each paid once. */
function isTriedAgain(
  group: readonly { readonly result: TrialResult; readonly stage: StageCost }[],
): boolean {
  const isFailure = ({ result, stage }: (typeof group)[number]): boolean =>
    result.status !== 'completed' && result.stages.at(-1)?.stageId === stage.stageId;
  const attempts = group.flatMap(({ stage }) => stage.attempts);
  const names = attempts.map(({ startedAt, worker, attempt }) => `${startedAt} ${worker} ${String(attempt)}`);
  return (
    group.slice(0, -1).every(isFailure) &&
    group.every(({ stage }) => stage.attempts.length > 0) &&
    repeated(names).length === 0
  );
}

function everyStageBooked({ rows }: Books): readonly Finding[] {
  return rows
    .filter(({ status, action }) => status === 'completed' && action !== null)
    .filter(({ stages, stageId }) => !stages.some((one) => one.stageId === stageId))
    .map(({ trial, stageId }) => ({
      ...{ rule: 'everyStageBooked', where: trialName(trial) },
      ...{ expected: `stage ${shortId(stageId)} among its stages`, got: 'none' },
    }));
}

/**
 * Only where the store says for whom an object was made. Of one evaluation's splits the first paid one carries the
 * booking of all, so any paid evaluation of the trial will do.
 */
function paidByMaker(books: Books): readonly Finding[] {
  const booked = bookings(books);
  return books.objects.flatMap(({ stageId, kind, madeFor }) => {
    const maker = booked.find(({ name }) => `${books.plan.explorationId}/${name}` === madeFor);
    if (maker === undefined) return [];
    const isPaid = maker.result.stages.some((one) => !one.reused && covers(one, stageId, kind));
    const where = `stage ${shortId(stageId)}`;
    return isPaid
      ? []
      : [
          {
            rule: 'paidByMaker',
            where,
            expected: `paid by ${maker.name}, for which it was made`,
            got: 'not booked as paid there',
          },
        ];
  });
}

function covers(cost: StageCost, stageId: string, kind: string): boolean {
  return cost.stageId === stageId || (kind === 'evaluate' && cost.kind === 'evaluate');
}

/** Sums of milliseconds; the tolerance is that of adding floating-point numbers. */
const TOLERANCE = 1e-6;

function spend(books: Books): readonly Finding[] {
  return bookings(books).flatMap(({ name, result }) =>
    result.stages.flatMap((stage) => {
      const total = (of: 'gpuSeconds' | 'lostGpuSeconds'): number =>
        stage.attempts.reduce((sum, one) => sum + one[of], 0);
      return (['gpuSeconds', 'lostGpuSeconds'] as const)
        .filter((of) => Math.abs(total(of) - stage[of]) > TOLERANCE)
        .map((of) => ({
          ...{ rule: 'spend', where: `${of} of stage ${shortId(stage.stageId)} of ${name}` },
          ...{ expected: `the sum of its attempts, ${String(total(of))}`, got: String(stage[of]) },
        }));
    }),
  );
}

function sameWeights(books: Books): readonly Finding[] {
  const seen = [
    ...bookings(books).map(({ name, result }) => ({ name, ...result })),
    ...books.objects.map((one) => ({ name: 'the store', ...one })),
  ].filter(({ weightsSha256 }) => weightsSha256 !== null);
  const first = new Map<string, (typeof seen)[number]>();
  for (const one of seen) if (!first.has(one.stageId)) first.set(one.stageId, one);
  return seen.flatMap(({ name, stageId, weightsSha256 }) => {
    const earlier = first.get(stageId);
    if (earlier === undefined || earlier.weightsSha256 === weightsSha256) return [];
    const where = `weights of stage ${shortId(stageId)} in ${name}`;
    return [
      {
        rule: 'sameWeights',
        where,
        expected: `${String(earlier.weightsSha256)} as in ${earlier.name}`,
        got: String(weightsSha256),
      },
    ];
  });
}
