import { readFile } from 'node:fs/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { ConstraintItems } from '../../domain/constraintEvidence.js';
import type { Constraint, Plan, Split } from '../../domain/plan.js';
import type { ItemScores, PairedScores } from '../../domain/statistics.js';
import type { BenchmarkScore } from '../../domain/trial.js';
import type { Store } from '../store/store.js';

/** A model's scores, as far as its item scores are found by them. */
export interface Scored {
  readonly scores: Readonly<Record<string, BenchmarkScore>>;
}

/** Item scores of one evaluation by item id, in file order, from its verified rows; null: missing, which is not 0. */
export async function itemScores(
  store: Store,
  evaluationStageId: string,
): Promise<ReadonlyMap<string, number | null>> {
  const rows = await readLines<{ id: string; score: number | null }>(store, evaluationStageId, 'rows.jsonl');
  return new Map(rows.map(({ id, score }) => [id, score]));
}

/**
 * The cluster of each item of a benchmark split: what its `cluster` (or `group`) says, e.g. the document that several
 * questions are about. Null when no two items share one, or when the items are in no file.
 */
export async function clustersOf(
  store: Store,
  benchmarkStageId: string,
): Promise<ReadonlyMap<string, string> | null> {
  const manifest = await store.manifest(benchmarkStageId);
  if (manifest?.files.some(({ path }) => path === 'items.jsonl') !== true) return null; // or a program's
  const items = await readLines<{ id: string; cluster?: unknown; group?: unknown }>(
    store,
    benchmarkStageId,
    'items.jsonl',
  );
  const named = items.map(({ id, cluster, group }) => {
    const of = cluster ?? group;
    return [
      id,
      typeof of === 'string' || typeof of === 'number' ? `cluster ${String(of)}` : `item ${id}`,
    ] as const;
  });
  return new Set(named.map(([, cluster]) => cluster)).size === named.length ? null : new Map(named);
}

/** The weighted benchmarks' item scores of one model. */
export async function scoredItems(
  store: Store,
  plan: Plan,
  model: Scored,
  split: Split,
): Promise<readonly ItemScores[]> {
  return Promise.all(
    shares(plan).map(async ({ name, share, splits }) => {
      const rows = await itemScores(store, evaluationOf(model, name));
      const scores = new Map([...rows].filter((row): row is [string, number] => row[1] !== null));
      const clusters = await clustersOf(store, splits[split].stageId);
      return { share, items: [...scores.values()], clusters: inOrder(clusters, [...scores.keys()]) };
    }),
  );
}

/** The weighted benchmarks' item scores of two models, paired by item. */
export async function pairedItems(
  store: Store,
  plan: Plan,
  [model, base]: readonly [Scored, Scored],
  split: Split,
): Promise<readonly PairedScores[]> {
  return Promise.all(
    shares(plan).map(async ({ name, share, splits }) => ({
      share,
      ...(await pairsOf(store, [evaluationOf(model, name), evaluationOf(base, name)], splits[split].stageId)),
    })),
  );
}

/** The item scores of each constraint, paired by item. */
export async function constraintItems(
  store: Store,
  plan: Plan,
  [model, base]: readonly [Scored, Scored],
  split: Split,
): Promise<readonly ConstraintItems[]> {
  return Promise.all(
    plan.constraints.map(async (constraint: Constraint) => {
      const { benchmark: name } = constraint;
      const stageId = plan.benchmarks.find((one) => one.name === name)?.splits[split].stageId ?? null;
      return {
        constraint,
        ...(await pairsOf(store, [evaluationOf(model, name), evaluationOf(base, name)], stageId)),
      };
    }),
  );
}

/** Pairs of the items that both have a score of, in the base's order, with their clusters where a benchmark split is given. */
export async function pairsOf(
  store: Store,
  [model, base]: readonly [string, string],
  benchmarkStageId: string | null,
): Promise<Pick<ConstraintItems, 'pairs' | 'clusters'>> {
  const [left, right] = await Promise.all([itemScores(store, model), itemScores(store, base)]);
  const clusters = benchmarkStageId === null ? null : await clustersOf(store, benchmarkStageId);
  const both = [...right].flatMap(([id, score]) => {
    const own = paired(left, id);
    return own === null || score === null ? [] : [{ id, pair: [own, score] as const }];
  });
  return {
    pairs: both.map(({ pair }) => pair),
    clusters: inOrder(
      clusters,
      both.map(({ id }) => id),
    ),
  };
}

function shares(plan: Plan) {
  const total = plan.benchmarks.reduce((sum, { weight }) => sum + weight, 0);
  return plan.benchmarks
    .map((benchmark) => ({ ...benchmark, share: benchmark.weight / total }))
    .filter(({ share }) => share > 0);
}

function evaluationOf({ scores }: Scored, benchmark: string): string {
  return scores[benchmark]?.stageId ?? '';
}

function inOrder(
  clusters: ReadonlyMap<string, string> | null,
  ids: readonly string[],
): readonly string[] | null {
  return clusters === null ? null : ids.map((id) => clusters.get(id) ?? `item ${id}`);
}

function paired(scores: ReadonlyMap<string, number | null>, id: string): number | null {
  const score = scores.get(id);
  if (score === undefined)
    throw ApplicationFailure.nonRetryable(`item ${id}: expected scores of both models, got one`, 'Unpaired');
  return score;
}

async function readLines<T>(store: Store, stageId: string, path: string): Promise<readonly T[]> {
  const text = await readFile(await store.openFile(stageId, path), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as T);
}
