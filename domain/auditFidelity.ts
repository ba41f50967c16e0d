import { isTrainingKind } from './actionTypes.js';
import type { AuditRule, Books, Finding } from './audit.js';
import type { DecisionRecord } from './decision.js';
import { fidelityOf, isFull, lowestRung, recipeOf } from './fidelity.js';
import { finalPromotion, nextPromotion, type Promotion } from './halving.js';
import { trialName, type TrialRecord } from './trial.js';

/** Rungs: where trials begin, who goes up, and who may become a finalist. */
export const fidelityRules: readonly AuditRule[] = [
  {
    name: 'rung',
    says: 'a policy trial begins on the lowest rung, a promotion stands above the trial it promotes',
    check: rung,
  },
  {
    name: 'promotion',
    says: 'each promotion is the one that the rule gives for the ledger it saw',
    check: promotion,
  },
  { name: 'finalistAtTop', says: 'finalists trained on all of the data', check: finalistAtTop },
];

function rung({ plan, rows }: Books): readonly Finding[] {
  return rows.flatMap((row) => {
    const share = fidelityOf(row);
    const expected = row.origin === 'promotion' ? above(rows, row) : begins(plan, rows, row);
    const is = expected.includes(share);
    const text = `one of the rungs ${expected.join(', ') || 'above a trial of the same pipeline'}`;
    return is ? [] : [{ rule: 'rung', where: trialName(row.trial), expected: text, got: String(share) }];
  });
}

/** A pipeline without any training is the same on every rung, and is booked at the top; a retry stays where it failed. */
function begins(plan: Books['plan'], rows: readonly TrialRecord[], row: TrialRecord): readonly number[] {
  if (row.retryOf !== undefined)
    return rows.filter(({ trial }) => trial === row.retryOf).map((failed) => fidelityOf(failed));
  if (row.origin !== 'policy') return [1];
  const trains = row.action === null || isTrainingKind(row.action.kind);
  return trains ? [lowestRung(plan)] : [lowestRung(plan), 1];
}

/** Above the same pipeline's trial; exactly how far, the rule `promotion` says. */
function above(rows: readonly TrialRecord[], row: TrialRecord): readonly number[] {
  const from = rows.find(({ trial }) => trial === row.promotes);
  const isSame = from !== undefined && recipeOf(from) === recipeOf(row) && fidelityOf(from) < fidelityOf(row);
  return isSame ? [fidelityOf(row)] : [];
}

/** Replays the rule: a decision had seen the first rows, all that was decided before, and what people had in flight. */
function promotion({ plan, rows, decisions }: Books): readonly Finding[] {
  const { fidelity } = plan;
  return decisions.flatMap((one) => {
    if (one.policy !== 'promotion' && one.policy !== 'finalPromotion') return [];
    const seen = rows.filter(({ sequence }) => sequence < one.ledgerRows);
    const before = [
      ...decisions.filter(({ decision }) => decision < one.decision).map(({ proposed }) => proposed),
      ...rows.filter(({ stageId }) => one.inFlight.includes(stageId)),
    ];
    const expected =
      one.policy === 'finalPromotion'
        ? finalPromotion(seen, before)
        : fidelity === undefined
          ? null
          : nextPromotion(fidelity, seen, before);
    return matches(expected, one)
      ? []
      : [
          {
            ...{ rule: 'promotion', where: `decision ${String(one.decision)}` },
            expected: expected === null ? 'no promotion' : text(expected.row.trial, expected.fidelity),
            got: text(one.proposed.promotes ?? -1, fidelityOf(one.proposed)),
          },
        ];
  });
}

function matches(expected: Promotion | null, { proposed }: DecisionRecord): boolean {
  return (
    expected !== null &&
    expected.row.trial === proposed.promotes &&
    expected.fidelity === fidelityOf(proposed) &&
    recipeOf(expected.row) === recipeOf(proposed)
  );
}

function text(trial: number, fidelity: number): string {
  return `${trialName(trial)} to ${String(fidelity)}`;
}

function finalistAtTop({ rows, result }: Books): readonly Finding[] {
  const trials = result?.confirmation.finalists.map(({ trial }) => trial) ?? [];
  return rows
    .filter((row) => trials.includes(row.trial) && !isFull(row))
    .map((row) => ({
      ...{ rule: 'finalistAtTop', where: trialName(row.trial) },
      ...{ expected: 'a trial on all of the data', got: String(fidelityOf(row)) },
    }));
}
