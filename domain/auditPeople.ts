import type { AuditRule, Books, Finding } from './audit.js';
import { repeated } from './auditTrials.js';
import { canonicalJson } from './stage.js';
import type { Json } from './json.js';
import { trialName, type TrialRecord } from './trial.js';

/** What people did to the search, and what it took over from another one. */
export const peopleRules: readonly AuditRule[] = [
  {
    name: 'oneIntervention',
    says: 'acts of people are numbered from 0 without gaps',
    check: oneIntervention,
  },
  {
    name: 'requestOfTrial',
    says: 'a trial of a person is the one that one act asked for, and nothing else is',
    check: requestOfTrial,
  },
  {
    name: 'budgetChain',
    says: 'every change of the budget begins with the budget that held',
    check: budgetChain,
  },
  {
    name: 'inheritedRows',
    says: 'the ledger begins with the rows that the plan names, as they stand in their source, and they cost nothing',
    check: inheritedRows,
  },
];

function oneIntervention({ interventions }: Books): readonly Finding[] {
  return interventions.flatMap(({ number }, index) =>
    number === index
      ? []
      : [
          {
            ...{ rule: 'oneIntervention', where: 'interventions' },
            ...{ expected: `number ${String(index)}`, got: String(number) },
          },
        ],
  );
}

function requestOfTrial({ rows, interventions }: Books): readonly Finding[] {
  const asked = rows.filter(({ intervention }) => intervention !== undefined);
  const twice = repeated(asked.map(({ intervention }) => intervention)).map((number) => ({
    ...{ rule: 'requestOfTrial', where: `intervention ${String(number)}` },
    ...{ expected: 'one trial', got: 'several' },
  }));
  const wrong = rows.flatMap(({ trial, origin, intervention, stageId }) => {
    const act = interventions.find(({ number }) => number === intervention);
    const wanted = act !== undefined && 'requested' in act ? act.requested.stageId : null;
    const isRight = origin === 'proposed' ? wanted === stageId : intervention === undefined;
    const expected =
      origin === 'proposed' ? `an act that asked for stage ${stageId}` : `no act behind a ${origin} trial`;
    const got =
      intervention === undefined ? 'none' : `act ${String(intervention)} for ${wanted ?? 'nothing'}`;
    return isRight ? [] : [{ rule: 'requestOfTrial', where: trialName(trial), expected, got }];
  });
  return [...twice, ...wrong];
}

function budgetChain({ plan, interventions }: Books): readonly Finding[] {
  let now = textOf(plan.budget);
  return interventions.flatMap((act) => {
    if (act.kind !== 'budget') return [];
    const before = now;
    const [got, after] = [textOf(act.before), textOf(act.after)];
    now = after;
    if (got === before) return [];
    return [{ rule: 'budgetChain', where: `intervention ${String(act.number)}`, expected: before, got }];
  });
}

function inheritedRows({ plan, rows, source }: Books): readonly Finding[] {
  const kept = plan.inherited?.kept ?? 0;
  return rows.flatMap((row, index) => {
    const where = `${trialName(row.trial)}, row ${String(index)}`;
    const finding = (expected: string, got: string): readonly Finding[] => [
      { rule: 'inheritedRows', where, expected, got },
    ];
    if (index >= kept)
      return row.inherited === undefined ? [] : finding('a row of its own', 'an inherited one');
    if (row.inherited === undefined) return finding('an inherited row', 'one of its own');
    if (row.stages.some(({ reused }) => !reused))
      return finding('stages that cost nothing here', 'paid ones');
    const original = source?.find(({ trial }) => trial === row.inherited?.trial);
    if (source === null) return [];
    if (original === undefined)
      return finding('a row of the source', `none of ${trialName(row.inherited.trial)}`);
    return sameEssence(original, row) ? [] : finding(essence(original), essence(row));
  });
}

/** Scores of benchmarks that this exploration doesn't have are left behind. */
function sameEssence(original: TrialRecord, row: TrialRecord): boolean {
  const names = Object.keys(row.scores);
  const scores = Object.fromEntries(Object.entries(original.scores).filter(([name]) => names.includes(name)));
  return essence({ ...original, scores }) === essence(row);
}

function essence({ stageId, status, weightsSha256, scores }: TrialRecord): string {
  return textOf({ stageId, status, weightsSha256, scores });
}

function textOf(value: object): string {
  return canonicalJson(JSON.parse(JSON.stringify(value)) as Json);
}
