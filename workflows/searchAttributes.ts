import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import { patched, proxyActivities, upsertSearchAttributes } from '@temporalio/workflow';
import type { Exploration } from '../domain/exploration.js';
import { summaryText } from '../domain/summaries.js';
import type { OrchestratorActivities } from './activities.js';
import { SEARCH_ATTRIBUTES, STORE_ACTIVITY } from './contract.js';

const service = proxyActivities<Pick<OrchestratorActivities, 'searchAttributes'>>(STORE_ACTIVITY);

/** Writes an exploration's search attributes, but only those the namespace knows. */
export interface Index {
  readonly registered: readonly string[];
  /** Before there is a state: what the exploration will be called. */
  announce(name: string): void;
  write(state: Exploration): void;
}

export const KEYS = {
  ExplorationName: defineSearchAttributeKey('ExplorationName', SEARCH_ATTRIBUTES.ExplorationName),
  Phase: defineSearchAttributeKey('Phase', SEARCH_ATTRIBUTES.Phase),
  BestScore: defineSearchAttributeKey('BestScore', SEARCH_ATTRIBUTES.BestScore),
  GpuSeconds: defineSearchAttributeKey('GpuSeconds', SEARCH_ATTRIBUTES.GpuSeconds),
  NumTrials: defineSearchAttributeKey('NumTrials', SEARCH_ATTRIBUTES.NumTrials),
  TrialNumber: defineSearchAttributeKey('TrialNumber', SEARCH_ATTRIBUTES.TrialNumber),
  TrialKind: defineSearchAttributeKey('TrialKind', SEARCH_ATTRIBUTES.TrialKind),
  TrialStatus: defineSearchAttributeKey('TrialStatus', SEARCH_ATTRIBUTES.TrialStatus),
  Split: defineSearchAttributeKey('Split', SEARCH_ATTRIBUTES.Split),
  TrialScore: defineSearchAttributeKey('TrialScore', SEARCH_ATTRIBUTES.TrialScore),
} as const;

/** Those of our search attributes that the namespace knows. */
export async function registeredNames(): Promise<readonly string[]> {
  const summary = summaryText(
    'ask which search attributes the namespace knows, and register those that it lacks',
  );
  return service.searchAttributes.executeWithOptions({ summary }, []);
}

/** What may be written: an unknown search attribute would wedge the workflow task for ever. */
export function writable(
  pairs: readonly SearchAttributePair[],
  registered: readonly string[],
): SearchAttributePair[] {
  return pairs.filter(({ key }) => registered.includes(key.name));
}

/** Each write is one to the service's index too. What is left out is written with the watchdog's minute at the latest. */
const WRITE_EVERY_MS = 10_000;

export async function indexing(carried: readonly string[] | undefined): Promise<Index> {
  const registered = carried ?? (await registeredNames());
  let written: { text: string; phase: string; at: number } = { text: '', phase: '', at: 0 };
  const upsert = (all: readonly SearchAttributePair[], phase: string): void => {
    const pairs = writable(all, registered);
    const text = JSON.stringify(pairs);
    if (pairs.length === 0 || text === written.text) return;
    const isSoon = phase === written.phase && Date.now() - written.at < WRITE_EVERY_MS;
    if (isSoon && patched('index-less-often')) return;
    written = { text, phase, at: Date.now() };
    upsertSearchAttributes(pairs);
  };
  return {
    registered,
    announce: (name) => {
      upsert(
        [
          { key: KEYS.ExplorationName, value: name },
          { key: KEYS.Phase, value: 'preparing' },
        ],
        'preparing',
      );
    },
    write: (now) => {
      upsert(pairsOf(now), now.phase);
    },
  };
}

function pairsOf(state: Exploration): readonly SearchAttributePair[] {
  const best = state.top.find((row) => row.feasible);
  return [
    { key: KEYS.ExplorationName, value: state.plan.name },
    { key: KEYS.Phase, value: state.phase },
    ...(best === undefined ? [] : [{ key: KEYS.BestScore, value: best.score }]),
    { key: KEYS.GpuSeconds, value: Math.round(state.spend.gpuSeconds) },
    { key: KEYS.NumTrials, value: state.completed + state.failed },
  ];
}
