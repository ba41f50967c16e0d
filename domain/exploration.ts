import { NO_ASCENT, withArrival, type Ascent } from './ascent.js';
import { fidelityOf, isFull } from './fidelity.js';
import type { Plan } from './plan.js';
import { compareRows, judge } from './ranking.js';
import { NO_RECOVERIES, withRecoveries, type Recoveries } from './recoveries.js';
import type { BenchmarkScore, ProposedTrial, TrialRecord, TrialResult } from './trial.js';

/** A trial whose child workflow runs. `restarts` counts how often it vanished without a word. */
export interface InFlight {
  readonly proposed: ProposedTrial;
  readonly workflowId: string;
  readonly restarts: number;
}

export type Phase = 'preparing' | 'baselines' | 'searching' | 'confirming' | 'testing' | 'finished';

/** All that the search loop knows; small, so that continue-as-new can carry it. The rows themselves rest in the ledger. */
export interface Exploration {
  readonly plan: Plan;
  readonly phase: Phase;
  /** Baselines that wait for their start. */
  readonly waiting: readonly ProposedTrial[];
  readonly inFlight: readonly InFlight[];
  readonly nextTrial: number;
  readonly nextDecision: number;
  readonly policyTrials: number;
  /** Rows written: the next sequence. */
  readonly ledgerRows: number;
  readonly completed: number;
  readonly failed: number;
  readonly baseScores: Readonly<Record<string, BenchmarkScore>> | null;
  /** The best rows, ranked; bounded. */
  readonly top: readonly TopRow[];
  readonly spend: Spend;
  /** Absent in what 0.1 carried over. */
  readonly recoveries?: Recoveries;
  /** Only in a search with rungs. */
  readonly ascent?: Ascent;
  readonly exhausted: boolean;
  readonly stopReason: string | null;
  readonly paused: boolean;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** A ledger row's short form, for queries and the Web UI. */
export interface TopRow {
  readonly trial: number;
  readonly label: string;
  readonly score: number;
  readonly standardError: number;
  readonly feasible: boolean;
  readonly stageId: string;
  /** Absent: 1. */
  readonly fidelity?: number;
}

export interface Spend {
  readonly gpuSeconds: number;
  readonly lostGpuSeconds: number;
  /** What reused stages had cost when they were made. */
  readonly savedGpuSeconds: number;
  readonly reusedStages: number;
  readonly llmTokens: number;
  readonly fallbacks: number;
}

const TOP_ROWS = 20;

export function beginExploration(
  plan: Plan,
  baselines: readonly ProposedTrial[],
  startedAt: string,
): Exploration {
  return {
    plan,
    phase: 'baselines',
    waiting: baselines,
    inFlight: [],
    nextTrial: baselines.length,
    nextDecision: 0,
    policyTrials: 0,
    ledgerRows: 0,
    completed: 0,
    failed: 0,
    baseScores: null,
    top: [],
    spend: {
      gpuSeconds: 0,
      lostGpuSeconds: 0,
      savedGpuSeconds: 0,
      reusedStages: 0,
      llmTokens: 0,
      fallbacks: 0,
    },
    recoveries: NO_RECOVERIES,
    exhausted: false,
    stopReason: null,
    paused: false,
    startedAt,
  };
}

/** Why no further trial may be proposed; null while one may. `now` is ISO 8601. */
export function endOfSearch(state: Exploration, now: string): string | null {
  const { budget } = state.plan;
  if (state.stopReason !== null) return state.stopReason;
  if (state.exhausted) return 'every legal action was tried';
  if (state.policyTrials >= budget.trials) return `budget: ${String(budget.trials)} trials`;
  return spentBudget(state, now);
}

/** What of the budget is spent beyond the number of trials; null: nothing. Promotions count here, and only here. */
export function spentBudget(state: Exploration, now: string): string | null {
  const { budget } = state.plan;
  if (budget.gpuSeconds !== null && state.spend.gpuSeconds >= budget.gpuSeconds)
    return `budget: ${String(budget.gpuSeconds)} GPU-seconds`;
  const elapsed = (Date.parse(now) - Date.parse(state.startedAt)) / 1000;
  if (budget.wallClockSeconds !== null && elapsed >= budget.wallClockSeconds)
    return `budget: ${String(budget.wallClockSeconds)} s of wall clock`;
  return null;
}

/** The base is scored alone first, since every other trial's feasibility is relative to it. */
export function mayStart(state: Exploration): boolean {
  if (state.paused) return false;
  if (state.baseScores === null) return state.inFlight.length === 0;
  return state.inFlight.length < state.plan.parallel;
}

/** A trial was started. */
export function withStarted(state: Exploration, flight: InFlight): Exploration {
  const waiting = state.waiting.filter((one) => one.trial !== flight.proposed.trial);
  return { ...state, waiting, inFlight: [...without(state.inFlight, flight.proposed.trial), flight] };
}

/** A decision proposed a trial. A promotion is no trial of the budget: the pipeline was counted when it was proposed. */
export function withDecision(
  state: Exploration,
  decided: { llmTokens: number; fallback: boolean; proposed: Pick<ProposedTrial, 'origin'> },
): Exploration {
  return {
    ...state,
    phase: 'searching',
    nextTrial: state.nextTrial + 1,
    nextDecision: state.nextDecision + 1,
    policyTrials: state.policyTrials + (decided.proposed.origin === 'promotion' ? 0 : 1),
    spend: {
      ...state.spend,
      llmTokens: state.spend.llmTokens + decided.llmTokens,
      fallbacks: state.spend.fallbacks + (decided.fallback ? 1 : 0),
    },
  };
}

/** The ledger row of a finished trial; null when the trial is not in flight (a late or doubled report). */
export function rowOf(state: Exploration, result: TrialResult): TrialRecord | null {
  const flight = state.inFlight.find((one) => one.proposed.trial === result.trial);
  if (flight === undefined || flight.proposed.stageId !== result.stageId) return null;
  const baseScores = state.baseScores ?? result.scores;
  const judged =
    result.status === 'completed'
      ? judge(state.plan, result.scores, baseScores)
      : { score: null, standardError: null, feasible: false };
  return { schemaVersion: 1, ...flight.proposed, ...result, ...judged, sequence: state.ledgerRows };
}

/** The state after a row was written. */
export function withRow(state: Exploration, row: TrialRecord): Exploration {
  const isBase = row.origin === 'base' && row.status === 'completed' && state.baseScores === null;
  return {
    ...state,
    inFlight: without(state.inFlight, row.trial),
    ledgerRows: state.ledgerRows + 1,
    completed: state.completed + (row.status === 'completed' ? 1 : 0),
    failed: state.failed + (row.status === 'completed' ? 0 : 1),
    baseScores: isBase ? row.scores : state.baseScores,
    top: ranked(state.top, row),
    spend: spendWith(state.spend, row),
    recoveries: withRecoveries(state.recoveries ?? NO_RECOVERIES, row),
    ...(state.plan.fidelity === undefined ? {} : { ascent: withArrival(state.ascent ?? NO_ASCENT, row) }),
  };
}

function without(flights: readonly InFlight[], trial: number): readonly InFlight[] {
  return flights.filter((one) => one.proposed.trial !== trial);
}

function ranked(top: readonly TopRow[], row: TrialRecord): readonly TopRow[] {
  if (row.score === null || row.standardError === null) return top;
  const { trial, label, score, standardError, feasible, stageId } = row;
  const rung = isFull(row) ? {} : { fidelity: fidelityOf(row) };
  return [...top, { trial, label, score, standardError, feasible, stageId, ...rung }]
    .sort(compareRows)
    .slice(0, TOP_ROWS);
}

function spendWith(spend: Spend, row: TrialRecord): Spend {
  const paid = row.stages.filter((stage) => !stage.reused);
  const reused = row.stages.filter((stage) => stage.reused);
  return {
    ...spend,
    gpuSeconds: spend.gpuSeconds + sum(paid.map((stage) => stage.gpuSeconds)),
    lostGpuSeconds: spend.lostGpuSeconds + sum(paid.map((stage) => stage.lostGpuSeconds)),
    savedGpuSeconds: spend.savedGpuSeconds + sum(reused.map((stage) => stage.gpuSeconds)),
    reusedStages: spend.reusedStages + reused.length,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
