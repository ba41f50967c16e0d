import type { AuditRule, Books, Finding } from './audit.js';
import { judge } from './ranking.js';
import { stageIdOf } from './stage.js';
import { trialName, type TrialRecord } from './trial.js';

/** Rows, trial numbers, decisions, scores and the champion. */
export const trialRules: readonly AuditRule[] = [
  { name: 'sequence', says: 'rows are numbered from 0 without gaps', check: sequence },
  { name: 'trialOnce', says: 'no trial has two rows', check: trialOnce },
  {
    name: 'noTrialLost',
    says: 'every trial below the highest has a row or is still in flight',
    check: noTrialLost,
  },
  { name: 'oneDecision', says: 'every decision number exists once, from 0 without gaps', check: oneDecision },
  {
    name: 'decisionOfTrial',
    says: 'a policy trial or a promotion is the one that its decision proposed',
    check: decisionOfTrial,
  },
  {
    name: 'stageOfDecision',
    says: 'the stage id of a decision is the hash of its stage',
    check: stageOfDecision,
  },
  { name: 'billedOnce', says: 'no LLM call of a decision is booked twice', check: billedOnce },
  { name: 'scores', says: 'completed trials have every score, in range; others have none', check: scores },
  { name: 'objective', says: 'score and feasibility follow from the benchmark scores', check: objective },
  { name: 'champion', says: 'champion and finalists are completed trials of the ledger', check: champion },
];

function sequence({ rows }: Books): readonly Finding[] {
  return rows.flatMap((row, index) =>
    row.sequence === index
      ? []
      : [
          {
            rule: 'sequence',
            where: `row ${String(index)}`,
            expected: `sequence ${String(index)}`,
            got: String(row.sequence),
          },
        ],
  );
}

function trialOnce({ rows }: Books): readonly Finding[] {
  return repeated(rows.map(({ trial }) => trial)).map((trial) => ({
    rule: 'trialOnce',
    where: trialName(trial),
    expected: 'one row',
    got: `rows ${rows
      .filter((row) => row.trial === trial)
      .map(({ sequence }) => String(sequence))
      .join(', ')}`,
  }));
}

/** A finished search has a row for every number; before that as many may be missing as trials may be in flight. */
function noTrialLost({ plan, rows, decisions, result, ended }: Books): readonly Finding[] {
  const booked = new Set(rows.map(({ trial }) => trial));
  const proposed = [...booked, ...decisions.map((one) => one.proposed.trial)];
  const highest = Math.max(-1, ...proposed);
  const missing = Array.from({ length: highest + 1 }, (_, trial) => trial).filter(
    (trial) => !booked.has(trial),
  );
  const stopped = ended || (result?.stoppedBecause.startsWith('stopped') ?? false);
  const mayBeMissing = stopped || result === null ? plan.parallel : 0;
  if (missing.length <= mayBeMissing) return [];
  const names = missing.map(trialName).join(', ');
  return [
    {
      rule: 'noTrialLost',
      where: 'rows',
      expected: `at most ${String(mayBeMissing)} trials without one`,
      got: names,
    },
  ];
}

function oneDecision({ decisions }: Books): readonly Finding[] {
  const sorted = decisions.map(({ decision }) => decision).sort((a, b) => a - b);
  return sorted.flatMap((decision, index) =>
    decision === index
      ? []
      : [
          {
            rule: 'oneDecision',
            where: 'decisions',
            expected: `number ${String(index)}`,
            got: String(decision),
          },
        ],
  );
}

function decisionOfTrial({ rows, decisions }: Books): readonly Finding[] {
  const twice = repeated(decisions.map((one) => one.proposed.trial)).map((trial) => ({
    ...{ rule: 'decisionOfTrial', where: trialName(trial) },
    ...{ expected: 'one decision that proposed it', got: 'several' },
  }));
  return [...twice, ...rows.flatMap((row) => faultOfOrigin(row, decisions))];
}

function faultOfOrigin(row: TrialRecord, decisions: Books['decisions']): readonly Finding[] {
  const where = trialName(row.trial);
  const found = decisions.find(({ decision }) => decision === row.decision);
  if (row.origin !== 'policy' && row.origin !== 'promotion')
    return row.decision === null
      ? []
      : [
          {
            rule: 'decisionOfTrial',
            where,
            expected: `no decision behind a ${row.origin} trial`,
            got: String(row.decision),
          },
        ];
  const isIt = found?.proposed.trial === row.trial && found.proposed.stageId === row.stageId;
  const got =
    found === undefined ? 'none' : `${trialName(found.proposed.trial)} with stage ${found.proposed.stageId}`;
  const expected = `a decision ${String(row.decision)} that proposed it with stage ${row.stageId}`;
  return isIt ? [] : [{ rule: 'decisionOfTrial', where, expected, got }];
}

function stageOfDecision({ decisions }: Books): readonly Finding[] {
  return decisions.flatMap(({ decision, stage, proposed }) => {
    const hash = stageIdOf(stage.stage);
    const ids = [...new Set([stage.stageId, proposed.stageId])];
    const wrong = ids.filter((id) => id !== hash);
    const where = `decision ${String(decision)}`;
    return wrong.map((got) => ({ rule: 'stageOfDecision', where, expected: `stage id ${hash}`, got }));
  });
}

/** A repeated prompt within a decision would be answered from its record; a repair has other words. */
function billedOnce({ decisions }: Books): readonly Finding[] {
  return decisions.flatMap(({ decision, calls }) =>
    repeated(calls.map(({ promptSha256 }) => promptSha256)).map((prompt) => ({
      ...{ rule: 'billedOnce', where: `decision ${String(decision)}` },
      ...{ expected: 'every prompt once', got: `${prompt} several times` },
    })),
  );
}

function scores({ plan, rows }: Books): readonly Finding[] {
  return rows.flatMap((row) => {
    const where = trialName(row.trial);
    const names = row.status === 'completed' ? plan.benchmarks.map(({ name }) => name).sort() : [];
    const got = Object.keys(row.scores).sort();
    const missing =
      got.join() === names.join()
        ? []
        : [
            {
              rule: 'scores',
              where,
              expected: `scores of ${names.join(', ') || 'nothing'}`,
              got: got.join(', ') || 'none',
            },
          ];
    const wrong = Object.entries(row.scores)
      .filter(
        ([, { score, standardError, items }]) =>
          !(score >= 0 && score <= 1 && standardError >= 0 && items > 0),
      )
      .map(([name, { score, standardError, items }]) => ({
        ...{ rule: 'scores', where: `${name} of ${where}`, expected: 'a score in [0, 1] over some items' },
        got: `${String(score)} ± ${String(standardError)} over ${String(items)}`,
      }));
    return [...missing, ...wrong];
  });
}

function objective({ plan, rows }: Books): readonly Finding[] {
  const base = rows.find(({ origin, status }) => origin === 'base' && status === 'completed');
  return rows.flatMap((row) => {
    const judged =
      row.status === 'completed' && base !== undefined
        ? judge(plan, row.scores, base.scores)
        : { score: null, feasible: false };
    const text = (of: { readonly score: number | null; readonly feasible: boolean }): string =>
      `${String(of.score)}, constraints ${of.feasible ? 'met' : 'not met'}`;
    const where = trialName(row.trial);
    return text(judged) === text(row)
      ? []
      : [{ rule: 'objective', where, expected: text(judged), got: text(row) }];
  });
}

function champion({ rows, result }: Books): readonly Finding[] {
  if (result === null) return [];
  const named = [
    result.champion,
    result.confirmation.champion,
    ...result.confirmation.finalists.map(({ trial }) => trial),
  ];
  const unknown = [...new Set(named)].filter(
    (trial) =>
      !rows.some((row) => row.trial === trial && row.status === 'completed' && (row.feasible || trial === 0)),
  );
  const disagree = result.champion === result.confirmation.champion ? [] : [result.champion];
  const findings = unknown.map((trial) => ({
    ...{ rule: 'champion', where: trialName(trial) },
    ...{ expected: 'a completed trial of the ledger that meets the constraints', got: 'none' },
  }));
  const expected = `${trialName(result.confirmation.champion)} as confirmed`;
  return [
    ...findings,
    ...disagree.map((trial) => ({ rule: 'champion', where: 'result', expected, got: trialName(trial) })),
  ];
}

/** The values that occur more than once, each once. */
export function repeated<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
