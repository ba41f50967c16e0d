import type { Plan } from './plan.js';
import { judge } from './ranking.js';
import type { Confirmation, Estimate, ExplorationResult, SplitScores } from './result.js';
import { trialName, type TrialResult } from './trial.js';

/** A model's scores on a later split, judged against the base's on the same split. */
export function splitScores(plan: Plan, result: TrialResult, base: TrialResult): SplitScores {
  const { score, standardError, feasible } = judge(plan, result.scores, base.scores);
  if (score === null || standardError === null)
    throw new Error(
      `${trialName(result.trial)}: expected a score of every benchmark, got ${Object.keys(result.scores).join(', ')}`,
    );
  return { trial: result.trial, scores: result.scores, score, standardError, feasible };
}

/** The best feasible finalist that is above the base on the confirm split; null: the base is kept. */
export function chooseChampion(base: SplitScores, finalists: readonly SplitScores[]): SplitScores | null {
  const better = finalists.filter(({ feasible, score }) => feasible && score > base.score);
  return [...better].sort((a, b) => b.score - a.score || a.trial - b.trial)[0] ?? null;
}

/** Why the champion was chosen, or the base kept, in words. */
export function reasonOf(
  base: SplitScores,
  finalists: readonly SplitScores[],
  champion: SplitScores | null,
): string {
  if (finalists.length === 0)
    return 'no trial met the constraints, so there was no finalist: the base is kept';
  if (champion !== null)
    return `${trialName(champion.trial)} is the best feasible of ${String(finalists.length)} finalists on the confirm split`;
  const feasible = finalists.filter((one) => one.feasible).length;
  const why =
    feasible === 0
      ? 'no finalist meets the constraints on the confirm split'
      : `no feasible finalist is above the base (${base.score.toFixed(3)}) on the confirm split`;
  return `${why}: the base is kept`;
}

/** `improved` only when the paired interval on the test split lies above 0. */
export function verdictOf(confirmation: Confirmation, difference: Estimate): ExplorationResult['verdict'] {
  if (confirmation.champion === 0) return 'baseKept';
  return difference.low > 0 ? 'improved' : 'notShown';
}
