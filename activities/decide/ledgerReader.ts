import { ApplicationFailure } from '@temporalio/common';
import type { DecisionRecord } from '../../domain/decision.js';
import type { Plan } from '../../domain/plan.js';
import type { TrialRecord } from '../../domain/trial.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';

/** Reads what never changes once written, and so keeps it in this process: plans and ledger rows. */
export interface LedgerReader {
  plan(explorationId: string): Promise<Plan>;
  /** Rows 0 … count - 1. */
  rows(explorationId: string, count: number): Promise<readonly TrialRecord[]>;
  decision(explorationId: string, decision: number): Promise<DecisionRecord | null>;
}

/** Explorations kept at once, and rows read at once. */
const MOST_KEPT = 4;
const READS_AT_ONCE = 32;

interface Kept {
  readonly plan: Plan;
  rows: readonly TrialRecord[];
}

export function createLedgerReader(store: Store): LedgerReader {
  const kept = new Map<string, Kept>();
  const keep = async (explorationId: string): Promise<Kept> => {
    const known = kept.get(explorationId);
    const entry = known ?? { plan: await needed<Plan>(store, keys.plan(explorationId)), rows: [] };
    kept.delete(explorationId);
    kept.set(explorationId, entry);
    for (const oldest of [...kept.keys()].slice(0, -MOST_KEPT)) kept.delete(oldest);
    return entry;
  };
  return {
    plan: async (explorationId) => (await keep(explorationId)).plan,
    rows: async (explorationId, count) => {
      const entry = await keep(explorationId);
      const known = entry.rows.slice(0, count);
      const read = await rowsFrom(store, explorationId, { from: known.length, to: count });
      const rows = [...known, ...read];
      if (rows.length > entry.rows.length) entry.rows = rows;
      return rows;
    },
    decision: async (explorationId, decision) => {
      const text = decision < 0 ? null : await store.read(keys.decision(explorationId, decision));
      return text === null ? null : (JSON.parse(text) as DecisionRecord);
    },
  };
}

async function rowsFrom(
  store: Store,
  explorationId: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly TrialRecord[]> {
  const rows: TrialRecord[] = [];
  for (let start = from; start < to; start += READS_AT_ONCE) {
    const sequences = Array.from(
      { length: Math.min(READS_AT_ONCE, to - start) },
      (_, index) => start + index,
    );
    const read = sequences.map((sequence) => needed<TrialRecord>(store, keys.row(explorationId, sequence)));
    rows.push(...(await Promise.all(read)));
  }
  return rows;
}

/** A record that was written before; a store may show it late, so its absence is worth another try. */
async function needed<T>(store: Store, key: string): Promise<T> {
  const text = await store.read(key);
  if (text !== null) return JSON.parse(text) as T;
  throw ApplicationFailure.retryable(
    `${key}: expected a record in ${store.location}, got none`,
    'RecordMissing',
  );
}
