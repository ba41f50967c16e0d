import { readFile } from 'node:fs/promises';
import { ApplicationFailure } from '@temporalio/common';
import { chooseChampion, reasonOf, splitScores, verdictOf } from '../../domain/final.js';
import type { Plan, Split } from '../../domain/plan.js';
import type { Confirmation, Estimate, ExplorationResult } from '../../domain/result.js';
import { bootstrapMean, pairedDifference } from '../../domain/statistics.js';
import type { TrialResult } from '../../domain/trial.js';
import type { OrchestratorActivities } from '../../workflows/activities.js';
import { loadPlan } from '../spec/prepare.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';

export interface FinalDependencies {
  readonly store: Store;
  /** Writes the report once the result stands. */
  readonly writeReport: (name: string) => Promise<void>;
}

/** The champion's choice on the confirm split, and the comparison on the test split. Both are recorded once. */
export function createFinalActivities({
  store,
  writeReport,
}: FinalDependencies): Pick<OrchestratorActivities, 'confirm' | 'conclude'> {
  return {
    confirm: async ({ explorationId }) => {
      const plan = await loadPlan(store, explorationId);
      const confirmation = await confirm(store, plan);
      return recorded(store, keys.confirmation(explorationId), confirmation);
    },
    conclude: async ({ explorationId, stoppedBecause }) => {
      const plan = await loadPlan(store, explorationId);
      const result = await recorded(
        store,
        keys.result(explorationId),
        await conclude(store, plan, stoppedBecause),
      );
      await writeReport(plan.name);
      return result;
    },
  };
}

/** The value, or what an earlier try recorded under the key. */
export async function recorded<T>(store: Store, key: string, value: T): Promise<T> {
  if (await store.putIfAbsent(key, JSON.stringify(value))) return value;
  return JSON.parse((await store.read(key)) ?? 'null') as T;
}

async function confirm(store: Store, plan: Plan): Promise<Confirmation> {
  const results = await finalResults(store, plan, 'confirm');
  const baseResult = baseOf(results);
  const base = splitScores(plan, baseResult, baseResult);
  const finalists = results
    .filter(({ trial, status }) => trial !== 0 && status === 'completed')
    .map((one) => splitScores(plan, one, baseResult));
  const champion = chooseChampion(base, finalists);
  const chosen = results.find(({ trial }) => trial === champion?.trial);
  const difference = chosen === undefined ? null : await pairedOn(store, plan, chosen, baseResult, 'confirm');
  const reason = reasonOf(base, finalists, champion);
  return { schemaVersion: 1, base, finalists, champion: champion?.trial ?? 0, difference, reason };
}

async function conclude(store: Store, plan: Plan, stoppedBecause: string): Promise<ExplorationResult> {
  const text = await store.read(keys.confirmation(plan.explorationId));
  const confirmation = JSON.parse(text ?? 'null') as Confirmation;
  const results = await finalResults(store, plan, 'test');
  const base = baseOf(results);
  const best = results.find(({ trial }) => trial === confirmation.champion) ?? base;
  const difference = await pairedOn(store, plan, best, base, 'test');
  return {
    schemaVersion: 1,
    verdict: verdictOf(confirmation, difference),
    champion: confirmation.champion,
    confirmation,
    test: {
      base: await estimate(store, plan, base, 'test'),
      best: await estimate(store, plan, best, 'test'),
      difference,
      baseScores: splitScores(plan, base, base),
      bestScores: splitScores(plan, best, base),
    },
    stoppedBecause,
    endedAt: new Date().toISOString(),
  };
}

async function finalResults(store: Store, plan: Plan, split: Split): Promise<readonly TrialResult[]> {
  const listed = await store.list(keys.finalRows(plan.explorationId, split));
  const texts = await Promise.all(listed.map((key) => store.read(key)));
  return texts.map((text) => JSON.parse(text ?? 'null') as TrialResult);
}

function baseOf(results: readonly TrialResult[]): TrialResult {
  const base = results.find(({ trial, status }) => trial === 0 && status === 'completed');
  if (base === undefined)
    throw ApplicationFailure.nonRetryable(
      'base: expected its scores on this split, got none',
      'BaseNotScored',
    );
  return base;
}

function shares(plan: Plan): readonly { readonly name: string; readonly share: number }[] {
  const total = plan.benchmarks.reduce((sum, { weight }) => sum + weight, 0);
  return plan.benchmarks
    .map(({ name, weight }) => ({ name, share: weight / total }))
    .filter(({ share }) => share > 0);
}

async function estimate(store: Store, plan: Plan, result: TrialResult, split: Split): Promise<Estimate> {
  const parts = await Promise.all(
    shares(plan).map(async ({ name, share }) => ({
      share,
      items: [...(await itemScores(store, result, name)).values()],
    })),
  );
  return bootstrapMean(parts, `${plan.seed} ${split}`);
}

/** The weighted mean difference first minus second on a split, item-paired; both are completed. */
export async function pairedOn(
  store: Store,
  plan: Plan,
  champion: TrialResult,
  base: TrialResult,
  split: Split,
): Promise<Estimate> {
  const parts = await Promise.all(
    shares(plan).map(async ({ name, share }) => {
      const [left, right] = await Promise.all([
        itemScores(store, champion, name),
        itemScores(store, base, name),
      ]);
      return { share, pairs: [...right].map(([id, score]) => [paired(left, id), score] as const) };
    }),
  );
  return pairedDifference(parts, `${plan.seed} ${split}`);
}

function paired(scores: ReadonlyMap<string, number>, id: string): number {
  const score = scores.get(id);
  if (score === undefined)
    throw ApplicationFailure.nonRetryable(`item ${id}: expected scores of both models, got one`, 'Unpaired');
  return score;
}

/** Item scores of one benchmark by item id, from the evaluation's verified rows. */
async function itemScores(
  store: Store,
  result: TrialResult,
  benchmark: string,
): Promise<ReadonlyMap<string, number>> {
  const stageId = result.scores[benchmark]?.stageId ?? '';
  const text = await readFile(await store.openFile(stageId, 'rows.jsonl'), 'utf8');
  const rows = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { id: string; score: number });
  return new Map(rows.map(({ id, score }) => [id, score]));
}
