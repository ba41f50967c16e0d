import { ApplicationFailure } from '@temporalio/common';
import { attemptTotals } from '../../domain/cost.js';
import type { Attempt, Manifest, Score } from '../../domain/outcome.js';
import type { Json } from '../../domain/json.js';
import {
  canonicalJson,
  inputIds,
  modelIds,
  SOURCE_KINDS,
  type IdentifiedStage,
  type Stage,
} from '../../domain/stage.js';
import { trialName, type StageCost, type TrialRecord } from '../../domain/trial.js';
import type {
  BookedWeights,
  LookupInput,
  LookupOutput,
  StoreActivities,
} from '../../workflows/activities.js';
import { noFailpoints, type Reach } from '../failpoints.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { shapesOf } from './modelShapes.js';
import { openTest } from './openTest.js';
import { withPairedChances } from './pairedChances.js';

/** Look-ups in the store, and the ledger's immutable rows. */
export function createLedgerActivities({
  store,
  reach = noFailpoints,
}: {
  readonly store: Store;
  readonly reach?: Reach;
}): StoreActivities {
  return {
    lookup: (input) => lookup(store, input),
    record: async ({ explorationId, row }) => {
      await recordRow(store, explorationId, row);
      await recordWeights(store, explorationId, row);
      reach('ledger/recorded');
    },
    recordFinal: ({ explorationId, split, result }) =>
      putOnce(store, keys.finalRow(explorationId, split, result.trial), JSON.stringify(result)),
    openTest: async ({ explorationId, ...request }) => {
      await openTest(store, explorationId, request);
    },
    recordScale: async ({ study, job, result }) => {
      await store.putIfAbsent(keys.scaleRow(study.explorationId, study.label, job), JSON.stringify(result));
    },
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
      `${key}: expected the record that is there, got another. If the workflow was reset to before it wrote that record, ` +
        'reset it to a later event: what is written is never rewritten. Else it is a bug.',
      'LedgerConflict',
    );
}

/**
 * Once a sequence. What is derived (the chances of the constraints) may differ between two tries: an older build has none,
 * and another machine may round otherwise. The first stands.
 */
async function recordRow(store: Store, explorationId: string, row: TrialRecord): Promise<void> {
  const key = keys.row(explorationId, row.sequence);
  const earlier = await store.read(key);
  if (earlier === null) return putOnce(store, key, JSON.stringify(await withPairedChances(store, row)));
  const { constraints: _, ...known } = JSON.parse(earlier) as TrialRecord;
  const { constraints: __, ...same } = row;
  if (canonicalJson(known as unknown as Json) !== canonicalJson(same as unknown as Json))
    await putOnce(store, key, JSON.stringify(row));
}

async function lookup(
  store: Store,
  { stageId, evaluations, requester, sized }: LookupInput,
): Promise<LookupOutput> {
  const walk: Walk = { missing: [], there: [], seen: new Set() };
  await collectMissing(store, stageId, walk);
  const made = walk.there.find((one) => one.stageId === stageId) ?? null;
  const scored = (await Promise.all(evaluations.map((id) => store.manifest(id)))).filter(
    (one) => one !== null,
  );
  const builds = walk.there.filter((one) => one.kind !== 'model' && (one === made || isFor(one, requester)));
  return {
    missing: walk.missing,
    bookedWeights: await bookedWeights(store, walk.missing),
    weightsSha256: made === null ? null : String(made.result['weightsSha256']),
    scores: scored.map(scoreOf),
    found: [...builds, ...scored].map((one) => costOf(one, requester)),
    ...(sized === true ? { shapes: await shapesOf(store, [stageId, ...modelsOf(walk.missing)]) } : {}),
  };
}

function modelsOf(stages: readonly IdentifiedStage[]): readonly string[] {
  return stages.flatMap(({ stage }) => modelIds(stage));
}

/** The first booking stands: a model that is made again is compared with it. */
async function recordWeights(
  store: Store,
  explorationId: string,
  { stageId, trial, status, weightsSha256 }: TrialRecord,
): Promise<void> {
  if (status !== 'completed' || weightsSha256 === null) return;
  const booked: BookedWeights = { weightsSha256, trial: `${explorationId}/${trialName(trial)}` };
  await store.putIfAbsent(keys.weights(stageId), JSON.stringify(booked));
}

async function bookedWeights(
  store: Store,
  stages: readonly IdentifiedStage[],
): Promise<Readonly<Record<string, BookedWeights>>> {
  const booked = await Promise.all(
    stages.map(async ({ stageId }) => [stageId, await store.read(keys.weights(stageId))] as const),
  );
  return Object.fromEntries(
    booked.flatMap(([stageId, text]) =>
      text === null ? [] : [[stageId, JSON.parse(text) as BookedWeights]],
    ),
  );
}

/** What a walk from the target to its sources met: stages without an object, and the objects it stopped at. */
interface Walk {
  readonly missing: IdentifiedStage[];
  readonly there: Manifest[];
  readonly seen: Set<string>;
}

/** Depth first, so that what a stage needs comes before it. Stops at objects that are there: they need nothing. */
async function collectMissing(store: Store, stageId: string, walk: Walk): Promise<void> {
  if (walk.seen.has(stageId)) return;
  walk.seen.add(stageId);
  const manifest = await store.manifest(stageId);
  if (manifest !== null) {
    walk.there.push(manifest);
    return;
  }
  const recipe = await store.read(keys.stage(stageId));
  const stage = recipe === null ? null : (JSON.parse(recipe) as Stage);
  const sources: readonly string[] = SOURCE_KINDS;
  if (stage === null || sources.includes(stage.kind))
    throw ApplicationFailure.nonRetryable(
      `object ${stageId}: expected ${stage === null ? 'its recipe' : `the imported ${stage.kind}`} in the store, got none. Start the exploration again to import its files.`,
      'SourceMissing',
    );
  for (const input of inputIds(stage)) await collectMissing(store, input, walk);
  walk.missing.push({ stageId, stage });
}

function scoreOf({ stageId, result }: Manifest): Score {
  const number = (name: string): number => Number(result[name]);
  return {
    stageId,
    score: number('score'),
    standardError: number('standardError'),
    items: number('items'),
    evaluator: (result['evaluator'] ?? null) as Score['evaluator'],
    reused: true,
  };
}

/** What was made for this very requester (whose workflow was lost since) is paid by it; all else is reused. */
function costOf(manifest: Manifest, requester: string): StageCost {
  const { stageId, kind, result } = manifest;
  const attempts = (result['attempts'] ?? []) as unknown as readonly Attempt[];
  return { stageId, kind, reused: !isFor(manifest, requester), ...attemptTotals(attempts) };
}

function isFor({ result }: Manifest, requester: string): boolean {
  return result['madeFor'] === requester;
}
