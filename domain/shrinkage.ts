import { expectedMaximum } from './normal.js';
import type { Estimate, Figures, FourWay, ModelFigures, Shrinkage } from './result.js';
import type { TrialRecord } from './trial.js';

/** Trials that were scored, that met the constraints, that were scored again, and the one chosen; without the base. */
export function fourWay(
  rows: readonly Pick<TrialRecord, 'trial' | 'score' | 'feasible'>[],
  chosen: { readonly finalists: number; readonly champion: number } | null,
): FourWay {
  const evaluated = rows.filter(({ trial, score }) => trial !== 0 && score !== null);
  return {
    evaluated: evaluated.length,
    feasible: evaluated.filter(({ feasible }) => feasible).length,
    finalists: chosen?.finalists ?? 0,
    champion: chosen === null || chosen.champion === 0 ? 0 : 1,
  };
}

/** `13 evaluated, 9 feasible, 3 finalists, 1 champion`. */
export function fourWayText({ evaluated, feasible, finalists, champion }: FourWay): string {
  return `${String(evaluated)} evaluated, ${String(feasible)} feasible, ${String(finalists)} finalists, ${String(champion)} champion`;
}

/**
 * The winner's curse. The best-looking of N equally good models is expected to look c(N)·SE better than it is, where
 * c(N) is the expected largest of N standard normal values. Models are scored on the same items and differ in truth,
 * so this is about the most that luck explains; what the later splits took back is observed beside it.
 */
export function shrinkageOf(
  candidates: number,
  standardError: number,
  { score, gain }: { readonly score: ModelFigures; readonly gain: Omit<ModelFigures, 'trial'> | null },
): Shrinkage {
  const factor = expectedMaximum(candidates);
  return {
    ...{ candidates, factor, standardError, expected: factor * standardError },
    searchToConfirm: fall(score.search, score.confirm),
    searchToTest: fall(score.search, score.test),
    gainSearchToConfirm: fall(gain?.search ?? null, gain?.confirm ?? null),
    gainSearchToTest: fall(gain?.search ?? null, gain?.test ?? null),
  };
}

function fall(from: Estimate | null, to: Estimate | null): number | null {
  return from === null || to === null ? null : from.value - to.value;
}

/** `search 0.412, confirm 0.398, test 0.391; best of 12 feasible trials: …`, one line for people. */
export function shrinkageText({ shrinkage, models }: Figures, champion: number): string | null {
  const of = models.find(({ trial }) => trial === champion);
  if (shrinkage === null || of === undefined) return null;
  const at = (split: 'search' | 'confirm' | 'test'): string =>
    `${split} ${of[split]?.value.toFixed(4) ?? 'not scored'}`;
  const { candidates, expected, factor, standardError } = shrinkage;
  return (
    `${at('search')}, ${at('confirm')}, ${at('test')}; luck alone lifts the best of ${String(candidates)} ` +
    `by up to ${expected.toFixed(4)} (${factor.toFixed(2)} × SE ${standardError.toFixed(4)})`
  );
}
