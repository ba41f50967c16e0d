import { ApplicationFailure } from '@temporalio/common';
import type { DecisionRecord } from '../../domain/decision.js';
import type { Plan } from '../../domain/plan.js';
import { growingStanding, type GrowingStanding, type Standing } from '../../domain/standing.js';
import type { TrialRecord } from '../../domain/trial.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';

/** Reads what never changes once written, and so keeps it in this process: plans and ledger rows. */
export interface LedgerReader {
  plan(explorationId: string): Promise<Plan>;
  /** Rows 0 … count - 1. */
  first(explorationId: string, count: number): Promise<FirstRows>;
  decision(explorationId: string, decision: number): Promise<DecisionRecord | null>;
}

export interface FirstRows {
  /** Without their attempts and metrics, which no decision looks at. */
  readonly ledger: readonly TrialRecord[];
  /** What follows from them. */
  readonly standing: Standing;
}

/** Rows kept at once, of all explorations together (about 3 kB each), and rows read at once. */
const MOST_ROWS = 50_000;
const READS_AT_ONCE = 32;

interface Kept {
  readonly plan: Plan;
  readonly ledger: TrialRecord[];
  readonly standing: GrowingStanding;
}

export function createLedgerReader(store: Store): LedgerReader {
  const kept = new Map<string, Kept>();
  const keep = async (explorationId: string): Promise<Kept> => {
    const plan = kept.get(explorationId)?.plan ?? (await needed<Plan>(store, keys.plan(explorationId)));
    const entry = kept.get(explorationId) ?? newEntry(plan);
    kept.delete(explorationId);
    kept.set(explorationId, entry);
    forgetOldest(kept);
    return entry;
  };
  return {
    plan: async (explorationId) => (await keep(explorationId)).plan,
    first: async (explorationId, count) => {
      const entry = await keep(explorationId);
      await readOn(store, explorationId, entry, count);
      if (entry.ledger.length === count) return asItStands(entry);
      const earlier = newEntry(entry.plan);
      append(earlier, entry.ledger.slice(0, count));
      return earlier;
    },
    decision: async (explorationId, decision) => {
      const text = decision < 0 ? null : await store.read(keys.decision(explorationId, decision));
      return text === null ? null : (JSON.parse(text) as DecisionRecord);
    },
  };
}

function newEntry(plan: Plan): Kept {
  return { plan, ledger: [], standing: growingStanding(plan) };
}

/** Pool and the like grow only when a later decision is asked for, and decisions of an exploration follow one another. */
function asItStands({ ledger, standing }: Kept): FirstRows {
  return { ledger: [...ledger], standing: { ...standing, rows: [...standing.rows] } };
}

function append({ ledger, standing }: Kept, rows: readonly TrialRecord[]): void {
  for (const row of rows) {
    ledger.push(row);
    standing.add(row);
  }
}

/** The explorations asked for longest ago go; the one asked for now stays, however long it is. */
function forgetOldest(kept: Map<string, Kept>): void {
  let rows = [...kept.values()].reduce((sum, { ledger }) => sum + ledger.length, 0);
  for (const [explorationId, { ledger }] of [...kept].slice(0, -1)) {
    if (rows <= MOST_ROWS) return;
    kept.delete(explorationId);
    rows -= ledger.length;
  }
}

/** Reads the rows up to `count` that are not kept yet. What is read stays, so that an attempt that is cut short gets further. */
async function readOn(store: Store, explorationId: string, entry: Kept, count: number): Promise<void> {
  for (let from = entry.ledger.length; from < count; from = entry.ledger.length) {
    const sequences = Array.from({ length: Math.min(READS_AT_ONCE, count - from) }, (_, at) => from + at);
    const read = await Promise.all(
      sequences.map((sequence) => needed<TrialRecord>(store, keys.row(explorationId, sequence))),
    );
    // Another attempt at the same decision may have added some of them meanwhile.
    append(entry, read.slice(entry.ledger.length - from).map(forDecisions));
  }
}

const NO_ATTEMPTS: readonly never[] = [];

function forDecisions(row: TrialRecord): TrialRecord {
  const stages = row.stages.map((stage) => ({ ...stage, attempts: NO_ATTEMPTS }));
  return { ...row, stages, metrics: {} };
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
