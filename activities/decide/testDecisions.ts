import type { DecideInput, DecisionRecord } from '../../domain/decision.js';
import type { Plan } from '../../domain/plan.js';
import type { TrialRecord } from '../../domain/trial.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { memoryStore } from './memoryStore.js';

/** What tests of whole decisions share: a store with a ledger in it, the activity's input, the record it leaves. */
export async function storeWith(
  plan: Plan,
  rows: readonly TrialRecord[],
): Promise<ReturnType<typeof memoryStore>> {
  const store = memoryStore();
  await store.putIfAbsent(keys.plan(plan.explorationId), JSON.stringify(plan));
  for (const row of rows)
    await store.putIfAbsent(keys.row(plan.explorationId, row.sequence), JSON.stringify(row));
  return store;
}

export function inputFor(plan: Plan, rows: readonly TrialRecord[]): DecideInput {
  return {
    explorationId: plan.explorationId,
    decision: 0,
    trial: rows.length,
    ledgerRows: rows.length,
    inFlight: [],
  };
}

export async function recordOf(store: Store, plan: Plan, decision = 0): Promise<DecisionRecord> {
  return JSON.parse((await store.read(keys.decision(plan.explorationId, decision))) ?? '') as DecisionRecord;
}
