import { defineSearchAttributeKey } from '@temporalio/common';
import { patched, proxyActivities, upsertSearchAttributes } from '@temporalio/workflow';
import type { Exploration } from '../domain/exploration.js';
import type { OrchestratorActivities } from './activities.js';
import { SEARCH_ATTRIBUTES, STORE_ACTIVITY } from './contract.js';

const service = proxyActivities<Pick<OrchestratorActivities, 'searchAttributes'>>(STORE_ACTIVITY);

/** Writes our search attributes, but only those the namespace knows: an unknown one would wedge the workflow task. */
export interface Index {
  readonly registered: readonly string[];
  write(state: Exploration): void;
}

const KEYS = {
  ExplorationName: defineSearchAttributeKey('ExplorationName', SEARCH_ATTRIBUTES.ExplorationName),
  Phase: defineSearchAttributeKey('Phase', SEARCH_ATTRIBUTES.Phase),
  BestScore: defineSearchAttributeKey('BestScore', SEARCH_ATTRIBUTES.BestScore),
  GpuSeconds: defineSearchAttributeKey('GpuSeconds', SEARCH_ATTRIBUTES.GpuSeconds),
  NumTrials: defineSearchAttributeKey('NumTrials', SEARCH_ATTRIBUTES.NumTrials),
};

/** Each write is one to the service's index too. What is left out is written with the watchdog's minute at the latest. */
const WRITE_EVERY_MS = 10_000;

export async function indexing(carried: readonly string[] | undefined): Promise<Index> {
  const registered = carried ?? (await service.searchAttributes());
  let written = { text: '', phase: '', at: 0 };
  return {
    registered,
    write: (now) => {
      const pairs = pairsOf(now).filter((pair) => registered.includes(pair.key.name));
      const text = JSON.stringify(pairs);
      if (pairs.length === 0 || text === written.text) return;
      const isSoon = now.phase === written.phase && Date.now() - written.at < WRITE_EVERY_MS;
      if (isSoon && patched('index-less-often')) return;
      written = { text, phase: now.phase, at: Date.now() };
      upsertSearchAttributes(pairs);
    },
  };
}

function pairsOf(state: Exploration) {
  const best = state.top.find((row) => row.feasible);
  return [
    { key: KEYS.ExplorationName, value: state.plan.name },
    { key: KEYS.Phase, value: state.phase },
    ...(best === undefined ? [] : [{ key: KEYS.BestScore, value: best.score }]),
    { key: KEYS.GpuSeconds, value: Math.round(state.spend.gpuSeconds) },
    { key: KEYS.NumTrials, value: state.completed + state.failed },
  ];
}
