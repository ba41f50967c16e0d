import { evidenceText } from './constraintEvidence.js';
import type { Plan } from './plan.js';
import { judge } from './ranking.js';
import type { ConstraintEvidence, SplitScores } from './result.js';
import { trialName, type TrialResult } from './trial.js';

/** A model's scores on a later split, judged against the base's on the same split, with what the items show. */
export function splitScores(
  plan: Plan,
  result: TrialResult,
  base: TrialResult,
  constraints: readonly ConstraintEvidence[] = [],
): SplitScores {
  const { score, standardError, feasible } = judge(plan, result.scores, base.scores);
  if (score === null || standardError === null)
    throw new Error(
      `${trialName(result.trial)}: expected a score of every benchmark, got ${Object.keys(result.scores).join(', ')}`,
    );
  return { trial: result.trial, scores: result.scores, score, standardError, feasible, constraints };
}

/** Every constraint is met by its one-sided interval. */
export function showsConstraints({ feasible, constraints = [] }: SplitScores): boolean {
  return feasible && constraints.every(({ shown }) => shown);
}

/**
 * The best finalist above the base on the confirm split, of those that show their constraints; if none does, the best
 * that meets them by the point estimates (the verdict then says so). Null: the base is kept. docs/decisions/0021.
 */
export function chooseChampion(base: SplitScores, finalists: readonly SplitScores[]): SplitScores | null {
  const better = finalists.filter(({ feasible, score }) => feasible && score > base.score);
  const shown = better.filter(showsConstraints);
  const eligible = shown.length > 0 ? shown : better;
  return [...eligible].sort((a, b) => b.score - a.score || a.trial - b.trial)[0] ?? null;
}

/** Why the champion was chosen, or the base kept, in words. */
export function reasonOf(
  base: SplitScores,
  finalists: readonly SplitScores[],
  champion: SplitScores | null,
): string {
  if (finalists.length === 0)
    return 'no trial met the constraints, so there was no finalist: the base is kept';
  return champion === null ? reasonToKeep(base, finalists) : reasonToChoose(base, finalists, champion);
}

function reasonToChoose(base: SplitScores, finalists: readonly SplitScores[], champion: SplitScores): string {
  const name = trialName(champion.trial);
  const of = `of ${String(finalists.length)} finalists on the confirm split`;
  const unshown = (champion.constraints ?? []).filter(({ shown }) => !shown);
  if (unshown.length > 0)
    return `no finalist above the base shows its constraints; ${name} is the best ${of} that meets them by the point estimate (not shown: ${unshown.map(evidenceText).join('; ')})`;
  const passed = finalists.filter(
    (one) => one.feasible && one.score > Math.max(base.score, champion.score) && !showsConstraints(one),
  );
  const names = passed.map(({ trial }) => trialName(trial)).join(', ');
  const passedOver = passed.length === 0 ? '' : `, preferred to ${names}, which cannot show the constraints`;
  return (champion.constraints ?? []).length === 0
    ? `${name} is the best feasible ${of}`
    : `${name} is the best ${of} that shows its constraints${passedOver}`;
}

function reasonToKeep(base: SplitScores, finalists: readonly SplitScores[]): string {
  const feasible = finalists.filter((one) => one.feasible).length;
  const why =
    feasible === 0
      ? 'no finalist meets the constraints on the confirm split'
      : `no feasible finalist is above the base (${base.score.toFixed(3)}) on the confirm split`;
  return `${why}: the base is kept`;
}
