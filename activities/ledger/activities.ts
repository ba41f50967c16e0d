import { ApplicationFailure } from '@temporalio/common';
import { attemptTotals } from '../../domain/cost.js';
import type { Attempt, Manifest, Score } from '../../domain/outcome.js';
import { inputIds, SOURCE_KINDS, type IdentifiedStage, type Stage } from '../../domain/stage.js';
import type { StageCost } from '../../domain/trial.js';
import type { LookupInput, LookupOutput, StoreActivities } from '../../workflows/activities.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';

/** Look-ups in the store, and the ledger's immutable rows. */
export function createLedgerActivities({ store }: { readonly store: Store }): StoreActivities {
  return {
    lookup: (input) => lookup(store, input),
    record: ({ explorationId, row }) =>
      putOnce(store, keys.row(explorationId, row.sequence), JSON.stringify(row)),
    recordFinal: ({ explorationId, split, result }) =>
      putOnce(store, keys.finalRow(explorationId, split, result.trial), JSON.stringify(result)),
    recordEnded: async ({ explorationId, state, reason }) => {
      await store.putIfAbsent(
        keys.ended(explorationId),
        JSON.stringify({ state, reason, at: new Date().toISOString() }),
      );
    },
  };
}

/** Writes a record, or finds the same one written by an earlier try. Two different ones under a key are a bug. */
export async function putOnce(store: Store, key: string, text: string): Promise<void> {
  if (await store.putIfAbsent(key, text)) return;
  if ((await store.read(key)) !== text)
    throw ApplicationFailure.nonRetryable(
      `${key}: expected the record that is there, got another`,
      'LedgerConflict',
    );
}

async function lookup(store: Store, { stageId, evaluations }: LookupInput): Promise<LookupOutput> {
  const missing: IdentifiedStage[] = [];
  await collectMissing(store, stageId, missing, new Set());
  const made = await store.manifest(stageId);
  const scored = (await Promise.all(evaluations.map((id) => store.manifest(id)))).filter(
    (one) => one !== null,
  );
  const builds = made === null || made.kind === 'model' ? [] : [made];
  return {
    missing,
    weightsSha256: made === null ? null : String(made.result['weightsSha256']),
    scores: scored.map(scoreOf),
    found: [...builds, ...scored].map(costOf),
  };
}

/** Depth first, so that what a stage needs comes before it. Stops at objects that are there: they need nothing. */
async function collectMissing(
  store: Store,
  stageId: string,
  missing: IdentifiedStage[],
  seen: Set<string>,
): Promise<void> {
  if (seen.has(stageId)) return;
  seen.add(stageId);
  if ((await store.manifest(stageId)) !== null) return;
  const recipe = await store.read(keys.stage(stageId));
  const stage = recipe === null ? null : (JSON.parse(recipe) as Stage);
  const sources: readonly string[] = SOURCE_KINDS;
  if (stage === null || sources.includes(stage.kind))
    throw ApplicationFailure.nonRetryable(
      `object ${stageId}: expected ${stage === null ? 'its recipe' : `the imported ${stage.kind}`} in the store, got none. Start the exploration again to import its files.`,
      'SourceMissing',
    );
  for (const input of inputIds(stage)) await collectMissing(store, input, missing, seen);
  missing.push({ stageId, stage });
}

function scoreOf({ stageId, result }: Manifest): Score {
  const number = (name: string): number => Number(result[name]);
  return {
    stageId,
    score: number('score'),
    standardError: number('standardError'),
    items: number('items'),
    reused: true,
  };
}

function costOf({ stageId, kind, result }: Manifest): StageCost {
  const attempts = (result['attempts'] ?? []) as unknown as readonly Attempt[];
  return { stageId, kind, reused: true, ...attemptTotals(attempts) };
}
