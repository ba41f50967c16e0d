import { fidelityOf, recipeOf, type Fidelity } from './fidelity.js';
import { rankCorrelation, type Pair, type RankCorrelation } from './rankCorrelation.js';
import type { TrialRecord } from './trial.js';

/** How well the order on one rung tells the order on a higher one, over the pipelines that were scored on both. */
export interface RungCorrelation extends RankCorrelation {
  readonly lower: number;
  readonly higher: number;
}

/**
 * Of every rung with the next one, and of the lowest with the highest. Only promoted pipelines have both scores, and
 * they were promoted for the lower one: so the range is narrow there, and the figures are lower than over all pipelines.
 */
export function rungCorrelations(
  { rungs }: Fidelity,
  rows: readonly TrialRecord[],
): readonly RungCorrelation[] {
  const scores = new Map(rungs.map((rung) => [rung, scoresAt(rows, rung)] as const));
  return pairsOfRungs(rungs).map(([lower, higher]) => {
    const above = scores.get(higher) ?? new Map<string, number>();
    const pairs = [...(scores.get(lower) ?? [])].flatMap(([recipeId, score]): readonly Pair[] => {
      const other = above.get(recipeId);
      return other === undefined ? [] : [[score, other]];
    });
    return { lower, higher, ...rankCorrelation(pairs) };
  });
}

function pairsOfRungs(rungs: readonly number[]): readonly (readonly [number, number])[] {
  const next = rungs.slice(1).map((higher, index) => [rungs[index] ?? higher, higher] as const);
  const [lowest, highest] = [rungs[0], rungs.at(-1)];
  if (rungs.length < 3 || lowest === undefined || highest === undefined) return next;
  return [...next, [lowest, highest]];
}

/** Scores by pipeline; the base trains on nothing and stands on no rung. */
function scoresAt(rows: readonly TrialRecord[], rung: number): ReadonlyMap<string, number> {
  return new Map(
    rows.flatMap((row) =>
      row.score === null || row.action === null || fidelityOf(row) !== rung
        ? []
        : [[recipeOf(row), row.score] as const],
    ),
  );
}
