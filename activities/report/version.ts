import { createHash } from 'node:crypto';
import { loadPointer } from '../ledger/read.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';

/**
 * Changes whenever the report of the exploration would, but for models of a scale study that goes on: the names of
 * its records, which are immutable. Reading none of them, it is cheap to ask for every second. Null when the store knows no such name.
 */
export async function ledgerVersion(store: Store, name: string): Promise<string | null> {
  const pointer = await loadPointer(store, name);
  if (pointer === null) return null;
  const { explorationId } = pointer;
  const folders = [
    ...[keys.rows(explorationId), keys.decisions(explorationId), keys.interventions(explorationId)],
    ...[keys.finalRows(explorationId, 'confirm'), keys.finalRows(explorationId, 'test')],
    ...[keys.openings(explorationId), `ledger/${explorationId}`, `ledger/${explorationId}/scale`],
  ];
  const listed = await Promise.all(folders.map((folder) => store.list(folder)));
  return createHash('sha256')
    .update(JSON.stringify([pointer, listed]))
    .digest('hex')
    .slice(0, 32);
}
