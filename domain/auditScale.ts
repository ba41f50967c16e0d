import type { AuditedScale, AuditRule, Books, Finding } from './audit.js';
import { evaluationsOf } from './evaluation.js';
import { orderVerdict, scaleJobs } from './scale.js';
import { trialName } from './trial.js';

/** Scale studies: what they score, on which items, and what they claim. */
export const scaleRules: readonly AuditRule[] = [
  {
    name: 'scaleModels',
    says: 'a finished scale study has one row for each of its models, and no other',
    check: (books) => books.scales.flatMap((study) => models(books, study)),
  },
  {
    name: 'scaleSplit',
    says: 'a scale study scores on the confirm split alone',
    check: (books) => books.scales.flatMap((study) => split(books, study)),
  },
  {
    name: 'scaleOrder',
    says: 'an order is called kept or reversed only where both intervals exclude 0',
    check: (books) => books.scales.flatMap(orders),
  },
];

function models({ plan }: Books, study: AuditedScale): readonly Finding[] {
  const wanted = jobsOf(plan, study).map(({ name, stageId }) => `${name} ${stageId}`);
  const got = study.rows.map(({ job, result }) => `${job} ${result.stageId}`);
  const foreign = got.filter((one) => !wanted.includes(one));
  const missing = study.result === null ? [] : wanted.filter((one) => !got.includes(one));
  const where = `scale ${study.plan.label}`;
  return [
    ...foreign.map((one) => ({ rule: 'scaleModels', where, expected: 'models of the study', got: one })),
    ...missing.map((one) => ({ rule: 'scaleModels', where, expected: `a row of ${one}`, got: 'none' })),
  ];
}

function split({ plan }: Books, study: AuditedScale): readonly Finding[] {
  const allowed = new Set(
    jobsOf(plan, study).flatMap(({ evaluations }) =>
      Object.values(evaluations).map(({ stageId }) => stageId),
    ),
  );
  return study.rows.flatMap(({ job, result }) =>
    Object.entries(result.scores)
      .filter(([, { stageId }]) => !allowed.has(stageId))
      .map(([benchmark, { stageId }]) => ({
        ...{ rule: 'scaleSplit', where: `${benchmark} of ${job} in scale ${study.plan.label}` },
        ...{ expected: 'an evaluation on the confirm split', got: stageId },
      })),
  );
}

function orders({ plan, result }: AuditedScale): readonly Finding[] {
  return (result?.orders ?? []).flatMap(({ trials, original, scaled, verdict }) => {
    const expected = orderVerdict(original, scaled);
    const where = `order of ${trials.map(trialName).join(' and ')} in scale ${plan.label}`;
    return expected === verdict ? [] : [{ rule: 'scaleOrder', where, expected, got: verdict }];
  });
}

function jobsOf(plan: Books['plan'], study: AuditedScale) {
  return scaleJobs(study.plan, (stageId) => evaluationsOf(plan, 'confirm', stageId));
}
