import { poolOf } from '../../domain/pool.js';
import type { TrackedRun } from '../../domain/trackedRun.js';
import { loadCurves, type Curves } from '../ledger/curves.js';
import { loadExploration, type StoredExploration } from '../ledger/read.js';
import { stateOf } from '../ledger/views.js';
import type { Store } from '../store/store.js';
import { explorationRun } from './explorationRun.js';
import { trialRun } from './trialRun.js';

/** The runs of an exploration as the store has it now, and whether more may come. */
export interface Tracked {
  readonly runs: readonly TrackedRun[];
  readonly isRunning: boolean;
}

/** Null when the store knows no exploration of this name. */
export async function loadTracked(store: Store, name: string): Promise<Tracked | null> {
  const found = await loadExploration(store, name);
  if (found === null) return null;
  const curves = await loadCurves(store, found.rows);
  return { runs: trackedRuns(found, curves), isRunning: stateOf(found) === 'running' };
}

/** One for each booked trial, in the order of completion, then that of the exploration. */
export function trackedRuns(found: StoredExploration, curves: Curves): readonly TrackedRun[] {
  const pool = poolOf(found.plan, found.rows);
  return [
    ...found.rows.map((row) => trialRun(row, { found, pool, curve: curves.get(row.stageId) ?? null })),
    explorationRun(found),
  ];
}
