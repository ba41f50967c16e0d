import type { JsonObject } from '../../domain/json.js';
import type { DecisionRecord } from '../../domain/decision.js';
import type { ExplorationResult } from '../../domain/result.js';
import { compareRows } from '../../domain/ranking.js';
import { applicable } from '../../domain/stageOfAction.js';
import { fidelityOf } from '../../domain/fidelity.js';
import { nameInPool, poolOf } from '../../domain/pool.js';
import { recoveriesOf, type Losses, type Recoveries } from '../../domain/recoveries.js';
import { rungCorrelations, type RungCorrelation } from '../../domain/rungCorrelation.js';
import { normalInterval } from '../../domain/statistics.js';
import { trialName, type TrialRecord } from '../../domain/trial.js';
import type { Store } from '../store/store.js';
import { listNames, loadExploration, type StoredExploration } from './read.js';

export type ExplorationState = 'running' | 'completed' | 'stopped' | 'failed';

/** `lamdagent status NAME --json`. Trials count the two baselines too. */
export interface StatusView {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly explorationId: string;
  readonly state: ExplorationState;
  readonly trials: { readonly completed: number; readonly failed: number; readonly running: number };
  readonly base: { readonly score: number | null };
  readonly best: {
    readonly trial: string;
    readonly score: number;
    readonly interval: readonly [number, number];
  } | null;
  readonly test: {
    readonly base: number;
    readonly best: number;
    readonly difference: number;
    readonly interval: readonly [number, number];
  } | null;
  readonly verdict: ExplorationResult['verdict'] | null;
  readonly champion: string | null;
  readonly spend: {
    readonly gpuSeconds: number;
    readonly lostGpuSeconds: number;
    readonly llmTokens: number;
    readonly usd: number;
  };
  /** What content-addressed reuse of stages saved. */
  readonly saved: { readonly stages: number; readonly gpuSeconds: number };
  /** What was cut short and taken up again, over the trials that are booked. */
  readonly recoveries: Recoveries;
  /** How well lower rungs tell the order on higher ones; absent in a search without rungs. */
  readonly rungs?: readonly RungCorrelation[];
  /** Scale studies, by label: finished or not. */
  readonly scales: readonly {
    readonly label: string;
    readonly finished: boolean;
    readonly gpuSeconds: number;
  }[];
}

export interface LeaderboardRow {
  readonly trial: string;
  /** The share of the data it trained on. */
  readonly fidelity: number;
  readonly action: string;
  readonly parents: readonly string[];
  readonly datasets: readonly string[];
  readonly parameters: JsonObject;
  readonly score: number | null;
  readonly interval: readonly [number, number] | null;
  readonly scores: Readonly<Record<string, number>>;
  readonly feasible: boolean;
  readonly status: string;
  readonly stageId: string;
  readonly weightsSha256: string | null;
  readonly gpuSeconds: number;
}
export interface LeaderboardView {
  readonly schemaVersion: 1;
  readonly rows: readonly LeaderboardRow[];
}

/** Null when the store knows no exploration of this name. */
export async function loadStatus(store: Store, name: string): Promise<StatusView | null> {
  const found = await loadExploration(store, name);
  return found === null ? null : statusOf(found);
}

export async function loadLeaderboard(store: Store, name: string): Promise<LeaderboardView | null> {
  const found = await loadExploration(store, name);
  return found === null ? null : leaderboardOf(found);
}

export async function listExplorations(store: Store): Promise<readonly StatusView[]> {
  const all = await Promise.all((await listNames(store)).map((name) => loadStatus(store, name)));
  return all.filter((one) => one !== null);
}

export function statusOf(found: StoredExploration): StatusView {
  const { plan, rows, result } = found;
  const base = rows.find(({ origin }) => origin === 'base');
  const best = [...rows].sort(compareRows).find(({ feasible, score }) => feasible && score !== null);
  const completed = rows.filter(({ status }) => status === 'completed').length;
  return {
    schemaVersion: 1,
    name: plan.name,
    explorationId: plan.explorationId,
    state: stateOf(found),
    trials: { completed, failed: rows.length - completed, running: runningOf(found) },
    base: { score: base?.score ?? null },
    best:
      best === undefined
        ? null
        : { trial: trialName(best.trial), score: best.score ?? 0, interval: intervalOf(best) ?? [0, 0] },
    test: result === null ? null : testOf(result),
    verdict: result?.verdict ?? null,
    champion: result === null ? null : trialName(result.champion),
    ...costsOf(rows, found.decisions),
    ...(plan.fidelity === undefined ? {} : { rungs: rungCorrelations(plan.fidelity, rows) }),
    scales: found.scales.map(scaleOf),
  };
}

/** What a study cost itself; the exploration's own spend is counted without it. */
function scaleOf({ plan, rows, result }: StoredExploration['scales'][number]): StatusView['scales'][number] {
  const paid = rows.flatMap((row) => row.result.stages).filter(({ reused }) => !reused);
  return {
    label: plan.label,
    finished: result !== null,
    gpuSeconds: sum(paid.map((stage) => stage.gpuSeconds)),
  };
}

export function stateOf({ result, ended }: StoredExploration): ExplorationState {
  if (result !== null) return result.stoppedBecause.startsWith('stopped') ? 'stopped' : 'completed';
  return ended?.state ?? 'running';
}

/** Decisions and baselines without a row, while the exploration runs. */
function runningOf(found: StoredExploration): number {
  if (stateOf(found) !== 'running') return 0;
  const proposed = found.decisions.length;
  const booked = found.rows.filter(({ origin }) => origin === 'policy' || origin === 'promotion').length;
  const baselines = found.rows.some(({ origin }) => origin === 'base') ? 0 : 1;
  return Math.max(0, proposed - booked) + baselines;
}

function testOf({ test }: ExplorationResult): NonNullable<StatusView['test']> {
  const { base, best, difference } = test;
  return {
    base: base.value,
    best: best.value,
    difference: difference.value,
    interval: [difference.low, difference.high],
  };
}

function intervalOf({ score, standardError }: TrialRecord): readonly [number, number] | null {
  return score === null || standardError === null ? null : normalInterval(score, standardError);
}

function costsOf(rows: readonly TrialRecord[], decisions: readonly DecisionRecord[]) {
  const stages = rows.flatMap((row) => row.stages);
  const paid = stages.filter(({ reused }) => !reused);
  const saved = stages.filter(({ reused }) => reused);
  const calls = decisions.flatMap((decision) => decision.calls);
  return {
    spend: {
      gpuSeconds: sum(paid.map((stage) => stage.gpuSeconds)),
      lostGpuSeconds: sum(paid.map((stage) => stage.lostGpuSeconds)),
      llmTokens: sum(calls.map((call) => call.promptTokens + call.completionTokens)),
      usd: 0,
    },
    saved: { stages: saved.length, gpuSeconds: sum(saved.map((stage) => stage.gpuSeconds)) },
    recoveries: rounded(recoveriesOf(rows)),
  };
}

function rounded(recoveries: Recoveries): Recoveries {
  const { preempted, lost, failed } = recoveries.cutShort;
  const one = (losses: Losses): Losses => ({ ...losses, lostGpuSeconds: sum([losses.lostGpuSeconds]) });
  return {
    ...recoveries,
    lostGpuSeconds: sum([recoveries.lostGpuSeconds]),
    cutShort: { preempted: one(preempted), lost: one(lost), failed: one(failed) },
  };
}

function sum(values: readonly number[]): number {
  return Number(values.reduce((total, value) => total + value, 0).toFixed(3));
}

export function leaderboardOf({ plan, rows }: StoredExploration): LeaderboardView {
  const pool = poolOf(plan, rows);
  const ranked = [...rows].sort(compareRows);
  return {
    schemaVersion: 1,
    rows: ranked.map((row) => ({
      trial: trialName(row.trial),
      fidelity: fidelityOf(row),
      action: row.action?.kind ?? 'base',
      parents: (row.action?.models ?? []).map((id) => nameInPool(pool, id)),
      datasets: row.action?.datasets ?? [],
      parameters: row.action === null ? {} : applicable(row.action),
      score: row.score,
      interval: intervalOf(row),
      scores: Object.fromEntries(Object.entries(row.scores).map(([name, { score }]) => [name, score])),
      feasible: row.feasible,
      status: row.status,
      stageId: row.stageId,
      weightsSha256: row.weightsSha256,
      gpuSeconds: sum(row.stages.filter(({ reused }) => !reused).map((stage) => stage.gpuSeconds)),
    })),
  };
}
