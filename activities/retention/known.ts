import type { DecisionRecord } from '../../domain/decision.js';
import type { Intervention } from '../../domain/intervention.js';
import type { Plan } from '../../domain/plan.js';
import type { ExplorationResult } from '../../domain/result.js';
import type { KnownExploration, RetentionRow } from '../../domain/retention.js';
import type { TrialRecord } from '../../domain/trial.js';
import { listNames, loadPointer } from '../ledger/read.js';
import { loadPlan } from '../spec/prepare.js';
import { keys } from '../store/keys.js';
import { severalAtOnce } from '../store/severalAtOnce.js';
import type { Store } from '../store/store.js';
import { neededByScales, neededStages, type Flight, type IsThere } from './needed.js';

/** Reads what the explorations of a store say of its objects. Records are immutable, so each is read once. */
export interface KnownReader {
  /** `isThere`: whether an object is published. */
  load(isThere: IsThere): Promise<readonly KnownExploration[]>;
}

interface Memory {
  readonly plan: Plan;
  readonly rows: Map<string, RetentionRow>;
  /** Null: an act of a person that asked for no trial. */
  readonly flights: Map<string, Flight | null>;
  result: ExplorationResult | null;
  isOpen: boolean;
}

export function createKnownReader(store: Store): KnownReader {
  const memories = new Map<string, Memory>();
  const refreshed = async (name: string): Promise<Memory | null> => {
    const explorationId = (await loadPointer(store, name))?.explorationId;
    if (explorationId === undefined) return null;
    const memory = memories.get(explorationId) ?? (await begin(store, explorationId));
    memories.set(explorationId, memory);
    if (memory.isOpen) await refresh(store, explorationId, memory);
    return memory;
  };
  return {
    load: async (isThere) => {
      const known: KnownExploration[] = [];
      for (const name of await listNames(store)) {
        const memory = await refreshed(name);
        if (memory !== null) known.push(await knownOf(store, memory, isThere));
      }
      return known;
    },
  };
}

async function begin(store: Store, explorationId: string): Promise<Memory> {
  const plan = await loadPlan(store, explorationId);
  return { plan, rows: new Map(), flights: new Map(), result: null, isOpen: true };
}

/** The end is read first: what was recorded before it is then seen too. */
async function refresh(store: Store, explorationId: string, memory: Memory): Promise<void> {
  const [result, ended] = await Promise.all([
    store.read(keys.result(explorationId)),
    store.read(keys.ended(explorationId)),
  ]);
  await readNew(store, keys.decisions(explorationId), memory.flights, (text) => {
    const { proposed } = JSON.parse(text) as DecisionRecord;
    return { trial: proposed.trial, stageId: proposed.stageId };
  });
  await readNew(store, keys.interventions(explorationId), memory.flights, (text) => {
    const act = JSON.parse(text) as Intervention;
    if (!('requested' in act)) return null;
    return { trial: null, stageId: act.requested.stageId, intervention: act.number };
  });
  await readNew(store, keys.rows(explorationId), memory.rows, (text) => {
    const { trial, origin, stageId, score, feasible, action, endedAt, intervention, fidelity } = JSON.parse(
      text,
    ) as TrialRecord;
    const asked = intervention === undefined ? {} : { intervention };
    const rung = fidelity === undefined ? {} : { fidelity };
    return { trial, origin, stageId, score, feasible, action, endedAt, ...asked, ...rung };
  });
  memory.result = result === null ? null : (JSON.parse(result) as ExplorationResult);
  memory.isOpen = result === null && ended === null;
}

/** Reads the records under the prefix that are not in the map yet. */
async function readNew<T>(
  store: Store,
  prefix: string,
  into: Map<string, T>,
  parse: (text: string) => T,
): Promise<void> {
  const fresh = (await store.list(prefix)).filter((key) => !into.has(key));
  const texts = await severalAtOnce(fresh, async (key) => [key, await store.read(key)] as const);
  for (const [key, text] of texts) if (text !== null) into.set(key, parse(text));
}

async function knownOf(store: Store, memory: Memory, isThere: IsThere): Promise<KnownExploration> {
  const { plan, result, isOpen } = memory;
  const rows = [...memory.rows.values()];
  const flights = [...memory.flights.values()].filter((one) => one !== null);
  const needed = new Map([
    ...(isOpen ? await neededStages(store, { plan, rows, flights }, isThere) : []),
    ...(await neededByScales(store, plan.explorationId, isThere)),
  ]);
  return { plan, rows, result, isOpen, needed };
}
