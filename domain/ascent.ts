import { isFull } from './fidelity.js';
import type { TrialRecord } from './trial.js';

/** What a search with rungs still owes when no new pipeline may be proposed. Small: continue-as-new carries it. */
export interface Ascent {
  /** Searched pipelines that were completed at full fidelity. */
  readonly atTop: number;
  /** Nothing is left to promote, and nothing runs that could change that. */
  readonly drained: boolean;
  /** Last promotions to the top that were started. */
  readonly finals: number;
}

export const NO_ASCENT: Ascent = { atTop: 0, drained: false, finals: 0 };

/** After a row was written: baselines are at the top from the start and do not count. */
export function withArrival(ascent: Ascent, row: TrialRecord): Ascent {
  const isSearched = row.origin !== 'base' && row.origin !== 'allData';
  return isSearched && isFull(row) && row.status === 'completed'
    ? { ...ascent, atTop: ascent.atTop + 1 }
    : ascent;
}
