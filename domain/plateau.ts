import { isFull } from './fidelity.js';
import type { TrialRecord } from './trial.js';

/** How long the best feasible score has stood. */
export interface Plateau {
  /** The score that a trial must exceed by the rule's step; null before a feasible one. */
  readonly best: number | null;
  /** Trials booked since it was set; those that failed or broke a constraint too. */
  readonly trials: number;
}

export const NO_PLATEAU: Plateau = { best: null, trials: 0 };

/**
 * The plateau after a row. Small steps add up: the score to exceed moves only when the best is `atLeast` above it.
 * What stood before the search (baselines, inherited rows) sets the score and counts as no trial; what trained on a
 * share of its data is no pipeline's score yet.
 */
export function withPlateau(plateau: Plateau, row: TrialRecord, atLeast: number): Plateau {
  if (!isFull(row)) return plateau;
  const { best, trials } = plateau;
  const isSearch = row.origin === 'policy' || row.origin === 'proposed' || row.origin === 'promotion';
  const score = row.feasible ? row.score : null;
  if (score !== null && (best === null || (score > best && score - best >= atLeast)))
    return { best: score, trials: 0 };
  return { best, trials: trials + (isSearch ? 1 : 0) };
}
