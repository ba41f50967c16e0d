import { bestOf } from '../../domain/comparison.js';
import { fidelityOf } from '../../domain/fidelity.js';
import { ranking } from '../../domain/ranking.js';
import type { Estimate } from '../../domain/result.js';
import { pairedDifference } from '../../domain/statistics.js';
import type { TrialRecord } from '../../domain/trial.js';
import { pairedItems } from '../ledger/itemScores.js';
import type { StoredExploration } from '../ledger/read.js';
import type { Store } from '../store/store.js';

/** Reading items takes time, and trials far below the best need no sharp interval. */
const MOST_PAIRED = 20;

/**
 * The first trials of the leaderboard against the best, item by item on the search split, by trial. Left out: trials
 * whose item scores are no longer in the store; the report then says that they were compared without.
 */
export async function pairedWithBest(
  store: Store,
  { plan, rows }: StoredExploration,
): Promise<ReadonlyMap<number, Estimate>> {
  const best = bestOf(rows);
  if (best === null || !(await hasItems(store, best))) return new Map();
  const next = ranking(rows)
    .filter((row) => row.trial !== best.trial && fidelityOf(row) === fidelityOf(best))
    .slice(0, MOST_PAIRED);
  const found = new Map<number, Estimate>();
  for (const row of next)
    if (await hasItems(store, row)) {
      const pairs = await pairedItems(store, plan, [row, best], 'search');
      found.set(row.trial, pairedDifference(pairs, `${plan.seed} search`));
    }
  return found;
}

async function hasItems(store: Store, { scores }: TrialRecord): Promise<boolean> {
  const manifests = await Promise.all(Object.values(scores).map(({ stageId }) => store.manifest(stageId)));
  return manifests.every((one) => one?.files.some(({ path }) => path === 'rows.jsonl') === true);
}
