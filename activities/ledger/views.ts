import type { JsonObject } from '../../domain/json.js';
import { budgetAfter, notesAfter, type Intervention, type SteeringNote } from '../../domain/intervention.js';
import { chanceOfFeasibility, constraintChances } from '../../domain/constraintChance.js';
import { usdOfAttempts } from '../../domain/gpuClass.js';
import type { Opening } from '../../domain/opening.js';
import { isCounted } from '../../domain/metrics.js';
import { missingScores, type MissingScores } from '../../domain/missing.js';
import { tradeoffs } from '../../domain/pareto.js';
import { pipelineCosts } from '../../domain/pipelineCost.js';
import type { Budget, Plan } from '../../domain/plan.js';
import { wilson } from '../../domain/proportions.js';
import type { ExplorationResult, FourWay, GainFigures, Shrinkage } from '../../domain/result.js';
import { fourWay } from '../../domain/shrinkage.js';
import { notShownLines, verdictText } from '../../domain/verdict.js';
import { usdOfCalls } from '../../domain/prices.js';
import { compareRows } from '../../domain/ranking.js';
import { applicable } from '../../domain/stageOfAction.js';
import { fidelityOf } from '../../domain/fidelity.js';
import { nameInPool, poolOf } from '../../domain/pool.js';
import { recoveriesOf, type Losses, type Recoveries } from '../../domain/recoveries.js';
import { rungCorrelations, type RungCorrelation } from '../../domain/rungCorrelation.js';
import { normalInterval, Z95 } from '../../domain/statistics.js';
import { trialName, type ConstraintChance, type TrialOrigin, type TrialRecord } from '../../domain/trial.js';
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
  /** The end in one sentence, then a line for each constraint that is not shown; empty before the end. */
  readonly ending: readonly string[];
  /** Trials without the base; each number is a part of the one before it. */
  readonly counts: FourWay;
  /** How much of the champion's search score was luck; null before the end and where the base is kept. */
  readonly shrinkage: Shrinkage | null;
  /** The champion's gains, split by split, over the base and over SFT on all data. */
  readonly gains: readonly GainFigures[];
  /** Items without a score, by benchmark, over all splits. */
  readonly missing: readonly MissingScores[];
  /** When the test split was opened, by whom and for which models. */
  readonly openings: readonly Opening[];
  readonly spend: {
    readonly gpuSeconds: number;
    readonly lostGpuSeconds: number;
    readonly llmTokens: number;
    /** What LLM calls cost; null: the price is not known. */
    readonly usd: number | null;
    /** What attempts cost on classes of workers with a price; null: no such class was used. */
    readonly gpuUsd: number | null;
  };
  /** What content-addressed reuse of stages saved. */
  readonly saved: { readonly stages: number; readonly gpuSeconds: number };
  /** The budget as it is now, and what people did to the search so far. */
  readonly budget: Budget;
  /** Trials that the policy decided on: those that count against the budget's. */
  readonly policyTrials: number;
  readonly steering: readonly SteeringNote[];
  readonly interventions: readonly Intervention[];
  /** Where the first trials come from; null when all ran here. */
  readonly inherited: {
    readonly name: string;
    readonly explorationId: string;
    readonly trials: number;
  } | null;
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
  /** The chance that each constraint is met, by the search split's items. */
  readonly constraints: readonly ConstraintChance[];
  /** The chance that all are. */
  readonly chance: number;
  /** On the Pareto front of the score and one of `fronts`: watched or constrained benchmarks, `gpuSeconds`. */
  readonly pareto: boolean;
  readonly fronts: readonly string[];
  /** What the whole pipeline takes, whoever paid for its stages. */
  readonly pipelineGpuSeconds: number;
  readonly status: string;
  readonly stageId: string;
  readonly weightsSha256: string | null;
  readonly gpuSeconds: number;
  /** Who chose it, or where it comes from. */
  readonly origin: TrialOrigin;
  /** `t0012` of the exploration it was inherited from; null for trials of its own. */
  readonly inheritedFrom: string | null;
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

function endingOf(result: ExplorationResult | null): readonly string[] {
  return result === null ? [] : [verdictText(result), ...notShownLines(result)];
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
        : {
            trial: trialName(best.trial),
            score: best.score ?? 0,
            interval: intervalOf(plan, best) ?? [0, 0],
          },
    test: result === null ? null : testOf(result),
    verdict: result?.verdict ?? null,
    champion: result === null ? null : trialName(result.champion),
    ending: endingOf(result),
    counts: fourWay(rows, chosenOf(result)),
    shrinkage: result?.figures?.shrinkage ?? null,
    gains: result?.figures?.gains ?? [],
    missing: missingScores([...rows, ...found.finals.map((one) => one.result)]),
    openings: found.openings ?? [],
    budget: budgetAfter(plan.budget, found.interventions),
    policyTrials: found.decisions.filter(({ proposed }) => proposed.origin !== 'promotion').length,
    steering: notesAfter(found.interventions),
    interventions: found.interventions,
    inherited: inheritedOf(plan),
    ...costsOf(found),
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

function inheritedOf({ inherited }: Plan): StatusView['inherited'] {
  if (inherited === undefined) return null;
  const { name, explorationId, kept } = inherited;
  return { name, explorationId, trials: kept };
}

export function stateOf({ result, ended }: StoredExploration): ExplorationState {
  if (result !== null) return result.stoppedBecause.startsWith('stopped') ? 'stopped' : 'completed';
  return ended?.state ?? 'running';
}

const SEARCHED: ReadonlySet<TrialOrigin> = new Set(['policy', 'proposed', 'promotion']);

/** Decisions and baselines without a row, while the exploration runs. */
function runningOf(found: StoredExploration): number {
  if (stateOf(found) !== 'running') return 0;
  const decided = new Set(found.decisions.map((one) => one.proposed.stageId));
  const requests = found.interventions.filter(
    (act) => act.kind === 'retry' || (act.kind === 'propose' && !decided.has(act.requested.stageId)),
  ).length;
  const proposed = found.decisions.length + requests;
  const booked = found.rows.filter(({ origin }) => SEARCHED.has(origin)).length;
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

function chosenOf(result: ExplorationResult | null): Parameters<typeof fourWay>[1] {
  if (result === null) return null;
  return { champion: result.champion, finalists: result.confirmation.finalists.length };
}

/** 95 %, two-sided: Wilson's where one benchmark of right and wrong items is the score, else the normal approximation. */
export function intervalOf(
  { benchmarks }: Plan,
  { score, standardError, scores }: TrialRecord,
): readonly [number, number] | null {
  if (score === null || standardError === null) return null;
  const [only, second] = benchmarks.filter(({ weight }) => weight > 0);
  const items = scores[only?.name ?? '']?.items ?? 0;
  return second === undefined && only !== undefined && isCounted(only.metric) && items > 0
    ? wilson(score * items, items, Z95)
    : normalInterval(score, standardError);
}

/** What was inherited was paid elsewhere. */
function costsOf({ plan, rows, decisions }: StoredExploration) {
  const stages = rows.filter(({ inherited }) => inherited === undefined).flatMap((row) => row.stages);
  const paid = stages.filter(({ reused }) => !reused);
  const saved = stages.filter(({ reused }) => reused);
  const calls = decisions.flatMap((decision) => decision.calls);
  return {
    spend: {
      gpuSeconds: sum(paid.map((stage) => stage.gpuSeconds)),
      lostGpuSeconds: sum(paid.map((stage) => stage.lostGpuSeconds)),
      llmTokens: sum(calls.map((call) => call.promptTokens + call.completionTokens)),
      usd: usdOfCalls(plan.llm, calls),
      gpuUsd: usdOfAttempts(
        plan.workers,
        paid.flatMap(({ attempts }) => attempts),
      ),
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

/** As booked; of rows of 0.1 by the standard errors. */
function chancesOf(plan: Plan, row: TrialRecord, base: TrialRecord | undefined): readonly ConstraintChance[] {
  return row.constraints ?? constraintChances(plan, row.scores, base?.scores ?? {});
}

export function leaderboardOf({ plan, rows }: StoredExploration): LeaderboardView {
  const pool = poolOf(plan, rows);
  const ranked = [...rows].sort(compareRows);
  const base = rows.find(({ origin, status }) => origin === 'base' && status === 'completed');
  const all = tradeoffs(plan, rows);
  const costs = pipelineCosts(rows);
  const frontsOf = (trial: number): readonly string[] =>
    all.filter(({ front }) => front.has(trial)).map(({ name }) => name);
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
      interval: intervalOf(plan, row),
      scores: Object.fromEntries(Object.entries(row.scores).map(([name, { score }]) => [name, score])),
      feasible: row.feasible,
      constraints: chancesOf(plan, row, base),
      chance: chanceOfFeasibility(plan, row, base?.scores ?? {}),
      pareto: frontsOf(row.trial).length > 0,
      fronts: frontsOf(row.trial),
      pipelineGpuSeconds: sum([costs.get(row.stageId) ?? 0]),
      status: row.status,
      stageId: row.stageId,
      weightsSha256: row.weightsSha256,
      origin: row.origin,
      inheritedFrom: row.inherited === undefined ? null : trialName(row.inherited.trial),
      gpuSeconds: sum(row.stages.filter(({ reused }) => !reused).map((stage) => stage.gpuSeconds)),
    })),
  };
}
