import type { SearchAttributePair } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { Plan, Split } from '../domain/plan.js';
import { weightedMean, type Weighted } from '../domain/ranking.js';
import type { ProposedTrial, TrialResult } from '../domain/trial.js';
import { KEYS, writable } from './searchAttributes.js';

/** What a trial's workflow needs to be found in lists, and to say its score. */
export interface TrialListing {
  /** Our search attributes that the namespace knows. */
  readonly registered: readonly string[];
  /** null: of a scale study. */
  readonly split: Split | null;
  readonly benchmarks: readonly Weighted[];
}

export function listingOf(
  { benchmarks }: Pick<Plan, 'benchmarks'>,
  split: Split | null,
  registered: readonly string[],
): TrialListing {
  return { registered, split, benchmarks: benchmarks.map(({ name, weight }) => ({ name, weight })) };
}

/** Search attributes that a trial is started with. */
export function startAttributes(
  exploration: string,
  { trial, origin, action }: ProposedTrial,
  { registered, split }: TrialListing,
): SearchAttributePair[] {
  const kind = action?.kind ?? (origin === 'base' ? 'base' : null);
  const pairs: readonly SearchAttributePair[] = [
    { key: KEYS.ExplorationName, value: exploration },
    { key: KEYS.TrialNumber, value: trial },
    ...(kind === null ? [] : [{ key: KEYS.TrialKind, value: kind }]),
    ...(split === null ? [] : [{ key: KEYS.Split, value: split }]),
  ];
  return writable(pairs, registered);
}

/** Adds how it ended. Trials that were begun without a listing write nothing: their histories have no such command. */
export function listEnd(listing: TrialListing | undefined, { status, scores, stages }: TrialResult): void {
  if (listing === undefined) return;
  const mean = status === 'completed' ? weightedMean(listing, scores) : null;
  const paid = stages.filter(({ reused }) => !reused);
  const gpuSeconds = paid.reduce((total, stage) => total + stage.gpuSeconds, 0);
  const pairs: readonly SearchAttributePair[] = [
    { key: KEYS.TrialStatus, value: status },
    { key: KEYS.GpuSeconds, value: Math.round(gpuSeconds * 10) / 10 },
    ...(mean === null ? [] : [{ key: KEYS.TrialScore, value: mean.score }]),
  ];
  const known = writable(pairs, listing.registered);
  if (known.length > 0) upsertSearchAttributes(known);
}
