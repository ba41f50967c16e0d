import type { AuditRule, Books, Finding } from './audit.js';
import { chanceToMeet } from './constraintChance.js';
import { reaches } from './constraintEvidence.js';
import { chooseChampion } from './final.js';
import { judge } from './ranking.js';
import type { Confirmation, SplitScores } from './result.js';
import { trialName, type TrialResult } from './trial.js';

/** The choice of the champion, the opening of the test split, and the constraints. */
export const finalRules: readonly AuditRule[] = [
  {
    name: 'openedOnce',
    says: 'the test split was opened once, and for every model that was scored on it',
    check: openedOnce,
  },
  { name: 'amongFinalists', says: 'the champion is the base or one of the finalists', check: amongFinalists },
  {
    name: 'finalistFlags',
    says: "the finalists' scores and flags follow from what was scored on the confirm split",
    check: finalistFlags,
  },
  { name: 'choice', says: 'the champion is the one that the rule chooses', check: choice },
  { name: 'chances', says: "a row's chances follow from its slacks and standard errors", check: chances },
];

/** Explorations of 0.1 have no record of it. */
function openedOnce({ openings, finals, result }: Books): readonly Finding[] {
  const rule = 'openedOnce';
  const where = 'test split';
  const tested = finals.filter(({ split }) => split === 'test');
  if (openings.length === 0)
    return result?.figures === undefined
      ? []
      : [{ rule, where, expected: 'a record of its opening', got: 'none' }];
  const again = openings.slice(1).map(({ by, at }) => ({
    ...{ rule, where, expected: 'one opening', got: `another by ${by} at ${at}` },
  }));
  const seen = new Set(openings.flatMap(({ models }) => models.map(({ stageId }) => stageId)));
  const unasked = tested.filter(({ result: { stageId } }) => !seen.has(stageId));
  const expected = 'an opening that names it';
  return [
    ...again,
    ...unasked.map((one) => ({
      ...{ rule, where: `${trialName(one.result.trial)} on the test split`, expected, got: 'none' },
    })),
  ];
}

function amongFinalists({ result }: Books): readonly Finding[] {
  if (result === null || result.champion === 0) return [];
  const { champion, confirmation } = result;
  const names = confirmation.finalists.map(({ trial }) => trialName(trial)).join(', ');
  return confirmation.finalists.some(({ trial }) => trial === champion)
    ? []
    : [
        {
          rule: 'amongFinalists',
          where: 'champion',
          expected: `one of ${names || 'none'}`,
          got: trialName(champion),
        },
      ];
}

function finalistFlags({ plan, finals, result }: Books): readonly Finding[] {
  if (result === null) return [];
  const confirmed = finals.filter(({ split }) => split === 'confirm').map((one) => one.result);
  const base = confirmed.find(({ trial }) => trial === 0);
  return judgedModels(result.confirmation).flatMap((one): readonly Finding[] => {
    const where = `${trialName(one.trial)} on the confirm split`;
    const scored = confirmed.find(({ trial }) => trial === one.trial);
    if (base === undefined || scored === undefined)
      return [{ rule: 'finalistFlags', where, expected: 'its scores and those of the base', got: 'none' }];
    const judged = judge(plan, scored.scores, base.scores);
    return [
      ...difference(where, flagsText(judged), flagsText(one)),
      ...(one.constraints ?? []).flatMap((evidence) => {
        const text = (of: { readonly met: boolean; readonly shown: boolean }): string =>
          `${evidence.benchmark} ${of.met ? 'met' : 'not met'}, ${of.shown ? 'shown' : 'not shown'}`;
        const met = reaches(evidence.value, evidence.limit);
        return [
          ...difference(where, text({ met, shown: reaches(evidence.lower, evidence.limit) }), text(evidence)),
          ...valueFault(where, evidence, [scored, base]),
        ];
      }),
    ];
  });
}

/** The paired difference of the item scores is the difference of the scores. */
function valueFault(
  where: string,
  evidence: NonNullable<SplitScores['constraints']>[number],
  [scored, base]: readonly [TrialResult, TrialResult],
): readonly Finding[] {
  const of = (result: TrialResult): number => result.scores[evidence.benchmark]?.score ?? Number.NaN;
  const expected = evidence.relativeToBase ? of(scored) - of(base) : of(scored);
  return Math.abs(expected - evidence.value) < 1e-6
    ? []
    : [
        {
          ...{ rule: 'finalistFlags', where, expected: `${evidence.benchmark} ${String(expected)}` },
          got: String(evidence.value),
        },
      ];
}

function judgedModels({ base, finalists, allData = null }: Confirmation): readonly SplitScores[] {
  const isKnown = finalists.some(({ trial }) => trial === allData?.trial);
  return [base, ...finalists, ...(allData === null || isKnown ? [] : [allData])];
}

function flagsText(of: { readonly score: number | null; readonly feasible: boolean }): string {
  return `${String(of.score)}, constraints ${of.feasible ? 'met' : 'not met'}`;
}

function difference(where: string, expected: string, got: string): readonly Finding[] {
  return expected === got ? [] : [{ rule: 'finalistFlags', where, expected, got }];
}

function choice({ result }: Books): readonly Finding[] {
  if (result === null) return [];
  const { base, finalists, champion } = result.confirmation;
  const chosen = chooseChampion(base, finalists)?.trial ?? 0;
  return chosen === champion
    ? []
    : [{ rule: 'choice', where: 'champion', expected: trialName(chosen), got: trialName(champion) }];
}

function chances({ rows }: Books): readonly Finding[] {
  return rows.flatMap((row) =>
    (row.constraints ?? []).flatMap((one) => {
      const expected = chanceToMeet(one);
      const isRight = Math.abs(expected - one.chance) < 1e-9 && (!row.feasible || reaches(one.slack, 0));
      const where = `${one.benchmark} of ${trialName(row.trial)}`;
      return isRight
        ? []
        : [{ rule: 'chances', where, expected: `a chance of ${String(expected)}`, got: String(one.chance) }];
    }),
  );
}
