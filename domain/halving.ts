import { fidelityOf, recipeOf, type Fidelity } from './fidelity.js';
import { ranking } from './ranking.js';
import type { ProposedTrial, TrialRecord } from './trial.js';

/** What promotion reads of a ledger row. */
export type RungRow = Pick<
  TrialRecord,
  'trial' | 'stageId' | 'recipeId' | 'fidelity' | 'action' | 'score' | 'feasible'
>;
export type RungFlight = Pick<ProposedTrial, 'stageId' | 'recipeId' | 'fidelity'>;

/** A trial that goes on. */
export interface Promotion<Row extends RungRow = RungRow> {
  readonly row: Row;
  /** The rung it goes to. */
  readonly fidelity: number;
  /** Its place among the completed trials of its rung (1: the best), and how many there are. */
  readonly place: number;
  readonly of: number;
}

/**
 * Which trial goes up next; null: none may yet. From the highest rung below the top down, a trial among the best
 * 1/reduction of the completed trials of its rung that did not go up before (Li et al. 2020, algorithm 2).
 *
 * One rule is stricter than the paper's: at most ⌊n / reduction⌋ of a rung's n trials are ever promoted. There a late,
 * better trial goes up although its rung's share is used; here it waits until the rung has grown, so that a rung costs
 * what it costs in the synchronous algorithm.
 */
export function nextPromotion<Row extends RungRow>(
  { rungs, reduction }: Fidelity,
  rows: readonly Row[],
  inFlight: readonly RungFlight[],
): Promotion<Row> | null {
  const isUp = wentUp(rows, inFlight);
  for (let rung = rungs.length - 2; rung >= 0; rung -= 1) {
    const here = rungOf(rows, rungs[rung] ?? 1);
    const allowed = Math.floor(here.length / reduction);
    if (here.filter(isUp).length >= allowed) continue;
    const place = here.findIndex((row) => !isUp(row));
    const row = here[place];
    if (row !== undefined) return { row, fidelity: rungs[rung + 1] ?? 1, place: place + 1, of: here.length };
  }
  return null;
}

/**
 * For a search that ended with nothing at the top: the best pipeline that was not run there yet, feasible ones first,
 * then those that came further up. null: there is none.
 */
export function finalPromotion<Row extends RungRow>(
  rows: readonly Row[],
  inFlight: readonly RungFlight[],
): Promotion<Row> | null {
  const isUp = wentUp(rows, inFlight);
  const below = rows.filter((row) => row.action !== null && fidelityOf(row) < 1);
  const row = ranking(below).find((one) => !isUp(one));
  if (row === undefined) return null;
  const here = rungOf(rows, fidelityOf(row));
  return { row, fidelity: 1, place: here.indexOf(row) + 1, of: here.length };
}

/** The completed trials of a rung, best first. */
export function rungOf<Row extends RungRow>(rows: readonly Row[], rung: number): readonly Row[] {
  return ranking(rows.filter((row) => row.action !== null && fidelityOf(row) === rung));
}

/** Whether a row's pipeline was tried on a higher rung too, as a promotion or by a person, whatever became of it there. */
function wentUp(rows: readonly RungRow[], inFlight: readonly RungFlight[]): (row: RungRow) => boolean {
  const highest = new Map<string, number>();
  for (const one of [...rows, ...inFlight])
    highest.set(recipeOf(one), Math.max(fidelityOf(one), highest.get(recipeOf(one)) ?? 0));
  return (row) => (highest.get(recipeOf(row)) ?? 0) > fidelityOf(row);
}
