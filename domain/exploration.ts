import { NO_ASCENT, withArrival, type Ascent } from './ascent.js';
import type { Spent } from './budgetChange.js';
import { constraintChances } from './constraintChance.js';
import { withCost, type KindCosts } from './costs.js';
import { fidelityOf, isFull } from './fidelity.js';
import { usdOfAttempts } from './gpuClass.js';
import { startedAs, type Intervention, type QueuedTrial, type SteeringNote } from './intervention.js';
import type { Plan } from './plan.js';
import { NO_PLATEAU, withPlateau, type Plateau } from './plateau.js';
import { plusUsd } from './prices.js';
import { compareRows, judge } from './ranking.js';
import { NO_RECOVERIES, withRecoveries, type Recoveries } from './recoveries.js';
import { firstReason, stopRulesOf } from './stopRules.js';
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
  /** Trials with a number that wait for their start: baselines, then one that a person asked for. */
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
  /** SFT on all data once it was scored: the later splits compare with it. Absent in what 0.1 carried over. */
  readonly allData?: ProposedTrial | null;
  /** The best rows, ranked; bounded. */
  readonly top: readonly TopRow[];
  readonly spend: Spend;
  /** Absent in what 0.1 carried over, like all below that may be. */
  readonly recoveries?: Recoveries;
  /** What people asked for and has no number yet, in their order; it goes before what the policy would propose. */
  readonly queued?: readonly QueuedTrial[];
  /** What people asked the agent to mind. */
  readonly steering?: readonly SteeringNote[];
  /** The number of the next act of a person. */
  readonly nextIntervention?: number;
  readonly costs?: KindCosts;
  readonly plateau?: Plateau;
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
  /** What LLM calls cost; null: the price is not known. Absent in what 0.1 carried over. */
  readonly usd?: number | null;
  /** What attempts cost on classes of workers with a price; absent where there was none. */
  readonly gpuUsd?: number;
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
    allData: null,
    top: [],
    spend: {
      gpuSeconds: 0,
      lostGpuSeconds: 0,
      savedGpuSeconds: 0,
      reusedStages: 0,
      llmTokens: 0,
      usd: 0,
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
  if (state.stopReason !== null) return state.stopReason;
  if (state.exhausted) return 'every legal action was tried';
  return firstReason(stopRulesOf(state.plan), state, now);
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

/**
 * A decision proposed a trial. A promotion is no trial of the budget: the pipeline was counted when it was proposed.
 * A person who asked for the very same meanwhile gets it as the policy's.
 */
export function withDecision(
  state: Exploration,
  decided: Pick<Spend, 'llmTokens' | 'usd'> & {
    readonly fallback: boolean;
    readonly proposed: ProposedTrial;
  },
): Exploration {
  const { proposed } = decided;
  return {
    ...state,
    phase: 'searching',
    waiting: [...state.waiting, proposed],
    queued: (state.queued ?? []).filter(({ stageId }) => stageId !== proposed.stageId),
    nextTrial: state.nextTrial + 1,
    nextDecision: state.nextDecision + 1,
    policyTrials: state.policyTrials + (proposed.origin === 'promotion' ? 0 : 1),
    spend: {
      ...state.spend,
      llmTokens: state.spend.llmTokens + decided.llmTokens,
      usd: plusUsd(bookedUsd(state.spend), bookedUsd(decided)),
      fallbacks: state.spend.fallbacks + (decided.fallback ? 1 : 0),
    },
  };
}

/** Nothing that has to be started waits. */
export function isQueueEmpty({ waiting, queued = [] }: Exploration): boolean {
  return waiting.length === 0 && queued.length === 0;
}

/** The first trial that a person asked for gets its number and waits for its start. */
export function withQueuedNumbered(state: Exploration): Exploration {
  const [first, ...queued] = state.queued ?? [];
  if (first === undefined) return state;
  const waiting = [...state.waiting, startedAs(first, state.nextTrial)];
  return { ...state, phase: 'searching', waiting, queued, nextTrial: state.nextTrial + 1 };
}

/** A person's act was recorded. */
export function withIntervention(state: Exploration, act: Intervention): Exploration {
  const { steering = [], queued = [] } = state;
  switch (act.kind) {
    case 'clear':
      return { ...state, steering: [] };
    case 'steer': {
      const { number, at, by, text } = act;
      return { ...state, steering: [...steering, { number, at, by, text }] };
    }
    case 'budget':
      return { ...state, plan: { ...state.plan, budget: act.after } };
    case 'propose':
    case 'retry':
      // Its model may open what the policy had no more of.
      return {
        ...state,
        exhausted: false,
        queued: [...queued, { ...act.requested, intervention: act.number }],
      };
  }
}

/** What counts against each limit of the budget. `now` is ISO 8601. */
export function spentOf({ policyTrials, spend, startedAt }: Exploration, now: string): Spent {
  return {
    trials: policyTrials,
    gpuSeconds: spend.gpuSeconds,
    wallClockSeconds: (Date.parse(now) - Date.parse(startedAt)) / 1000,
    llmTokens: spend.llmTokens,
    usd: usdSpent(spend),
  };
}

/** All that is known to be spent: on the LLM and on GPUs. What has no price counts as free. */
export function usdSpent({ usd, gpuUsd = 0 }: Spend): number {
  return (usd ?? 0) + gpuUsd;
}

/** Stages that are being tried, or will be without a further decision. */
export function pendingStageIds({ inFlight, waiting, queued = [] }: Exploration): ReadonlySet<string> {
  const started = [...inFlight.map((flight) => flight.proposed), ...waiting];
  return new Set([...started, ...queued].map(({ stageId }) => stageId));
}

/** What was booked before prices were is not known, unless no token was used. */
export function bookedUsd({ llmTokens, usd }: Pick<Spend, 'llmTokens' | 'usd'>): number | null {
  return usd === undefined ? (llmTokens === 0 ? 0 : null) : usd;
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
  const chances =
    result.status === 'completed'
      ? { constraints: constraintChances(state.plan, result.scores, baseScores) }
      : {};
  const row = { schemaVersion: 1, ...flight.proposed, ...result, ...judged, ...chances } as const;
  return { ...row, sequence: state.ledgerRows };
}

/** The state after a row was written. */
export function withRow(state: Exploration, row: TrialRecord): Exploration {
  const isBase = row.origin === 'base' && row.status === 'completed' && state.baseScores === null;
  const isAllData = row.origin === 'allData' && row.status === 'completed';
  return {
    ...state,
    inFlight: without(state.inFlight, row.trial),
    ledgerRows: state.ledgerRows + 1,
    completed: state.completed + (row.status === 'completed' ? 1 : 0),
    failed: state.failed + (row.status === 'completed' ? 0 : 1),
    baseScores: isBase ? row.scores : state.baseScores,
    allData: isAllData ? proposalOf(row) : (state.allData ?? null),
    top: ranked(state.top, row),
    spend: spendWith(state, row),
    recoveries: withRecoveries(state.recoveries ?? NO_RECOVERIES, row),
    costs: withCost(state.costs ?? {}, row),
    plateau: withPlateau(state.plateau ?? NO_PLATEAU, row, state.plan.stop?.plateau?.atLeast ?? 0),
    ...(state.plan.fidelity === undefined ? {} : { ascent: withArrival(state.ascent ?? NO_ASCENT, row) }),
  };
}

function proposalOf({ trial, origin, decision, action, stageId, label }: ProposedTrial): ProposedTrial {
  return { trial, origin, decision, action, stageId, label };
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

/** What was inherited was paid elsewhere, and saved nothing that was asked for here. */
function spendWith({ spend, plan }: Exploration, row: TrialRecord): Spend {
  if (row.inherited !== undefined) return spend;
  const paid = row.stages.filter((stage) => !stage.reused);
  const reused = row.stages.filter((stage) => stage.reused);
  const usd = usdOfAttempts(
    plan.workers,
    paid.flatMap(({ attempts }) => attempts),
  );
  return {
    ...spend,
    ...(usd === null ? {} : { gpuUsd: (spend.gpuUsd ?? 0) + usd }),
    gpuSeconds: spend.gpuSeconds + sum(paid.map((stage) => stage.gpuSeconds)),
    lostGpuSeconds: spend.lostGpuSeconds + sum(paid.map((stage) => stage.lostGpuSeconds)),
    savedGpuSeconds: spend.savedGpuSeconds + sum(reused.map((stage) => stage.gpuSeconds)),
    reusedStages: spend.reusedStages + reused.length,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
