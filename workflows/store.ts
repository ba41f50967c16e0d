import { patched, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { StoreActivities } from './activities.js';
import { LOCAL_ACTIVITY, SMALL_ACTIVITY } from './contract.js';

/** Explorations and studies whose runs began before this patch call local activities. */
const NO_LOCAL_ACTIVITIES = 'no-local-activities';

const tasks = proxyActivities<StoreActivities>(SMALL_ACTIVITY);
const local = proxyLocalActivities<StoreActivities>(LOCAL_ACTIVITY);
let chosen: typeof tasks | null = null;

/**
 * Look-ups in and small writes to the store, each an activity of its own. Never a local one: the answer to a query that
 * comes while a local activity runs ends the workflow task, and what the workflow did in the next one is then
 * replayed in this one, before the signals that it had seen and without the patches that it had asked for
 * (docs/decisions/0050-no-local-activities.md).
 */
export function storeActivities(): typeof tasks {
  chosen ??= patched(NO_LOCAL_ACTIVITIES) ? tasks : (local as typeof tasks);
  return chosen;
}

/** Of a trial, whose input says how it began: a patch would be two events more in each of thousands of histories. */
export function storeActivitiesOf({ asksByTask }: { readonly asksByTask?: true }): typeof tasks {
  return asksByTask === true ? tasks : (local as typeof tasks);
}
