import { attemptTotals } from '../../domain/cost.js';
import {
  beginExploration,
  endOfSearch,
  mayStart,
  rowOf,
  withDecision,
  withRow,
  withStarted,
  type Exploration,
} from '../../domain/exploration.js';
import type { Plan } from '../../domain/plan.js';
import { randomOf, type Random } from '../../domain/random.js';
import { samplePlan } from '../../domain/samples.js';
import { sha256Hex } from '../../domain/stage.js';
import type { Action, ProposedTrial, TrialResult } from '../../domain/trial.js';
import type { Arm } from './arms.js';
import { runStage, timeOf, type StageRun, type Weather } from './stage.js';

export interface Workload {
  readonly days: number;
  readonly workers: number;
  /** The shortest and the longest training, and evaluation, in seconds; uniform. */
  readonly training: readonly [number, number];
  readonly evaluation: readonly [number, number];
}

/** What an exploration came to. Shares are of the hours in which workers had a trial. */
export interface Simulated {
  /** Completed within the days. */
  readonly trials: number;
  readonly redoneShare: number;
  readonly waitedShare: number;
  readonly writtenShare: number;
}

const DAY_SECONDS = 86_400;

/**
 * One exploration, by the product's own state: its rules say when a trial may start, when the search is over, what a row
 * is and what was lost. How long stages take follows from seed and trial alone, so arms compare trial by trial.
 */
export function simulate(
  workload: Workload,
  { arm, weather, seed }: { readonly arm: Arm; readonly weather: Weather; readonly seed: number },
): Simulated {
  const plan = planOf(workload);
  let state: Exploration = beginExploration(plan, [proposalOf(0, 'base')], timeOf(0));
  const running: Running[] = [];
  const totals = { trials: 0, busy: 0, waited: 0, written: 0 };
  for (let now = 0; ;) {
    while (mayStart(state) && (state.waiting.length > 0 || endOfSearch(state, timeOf(now)) === null)) {
      state = proposed(state);
      const next = state.waiting[0];
      if (next === undefined) break;
      state = withStarted(state, { proposed: next, workflowId: '', restarts: 0 });
      running.push(trialRun(next, now, { workload, arm, weather, seed }));
    }
    const first = running.sort((a, b) => a.endsAt - b.endsAt).shift();
    if (first === undefined) break;
    now = first.endsAt;
    state = booked(state, first.result);
    if (first.result.trial > 0 && now <= workload.days * DAY_SECONDS) totals.trials += 1;
    totals.busy += first.seconds;
    totals.waited += first.waitedSeconds;
    totals.written += first.writtenSeconds;
  }
  return {
    trials: totals.trials,
    redoneShare: state.spend.lostGpuSeconds / totals.busy,
    waitedShare: totals.waited / totals.busy,
    writtenShare: totals.written / totals.busy,
  };
}

interface Running {
  readonly endsAt: number;
  readonly result: TrialResult;
  readonly seconds: number;
  readonly waitedSeconds: number;
  readonly writtenSeconds: number;
}

function planOf({ days, workers }: Workload): Plan {
  const budget = { trials: 1_000_000, gpuSeconds: null, wallClockSeconds: days * DAY_SECONDS };
  return samplePlan({ budget, parallel: workers, constraints: [] });
}

function proposalOf(trial: number, origin: ProposedTrial['origin']): ProposedTrial {
  const decision = origin === 'base' ? null : trial - 1;
  const action: Action | null =
    decision === null ? null : { kind: 'sft', models: [], datasets: [], parameters: {} };
  return { trial, origin, decision, action, stageId: sha256Hex(`trial ${String(trial)}`), label: '' };
}

/** A trial more to start, where none waits. */
function proposed(state: Exploration): Exploration {
  if (state.waiting.length > 0) return state;
  const decided = { llmTokens: 0, usd: 0, fallback: false, proposed: proposalOf(state.nextTrial, 'policy') };
  return withDecision(state, decided);
}

interface Circumstances {
  readonly workload: Workload;
  readonly arm: Arm;
  readonly weather: Weather;
  readonly seed: number;
}

function trialRun(
  one: ProposedTrial,
  beganAt: number,
  { workload, arm, weather, seed }: Circumstances,
): Running {
  const work = randomOf('work', seed, one.trial);
  const random = randomOf('strikes', seed, one.trial);
  const training = one.action === null ? null : between(workload.training, work);
  const evaluation = between(workload.evaluation, work);
  const run = { arm, weather, random };
  const built =
    training === null ? null : runStage({ seconds: training, kind: 'training' }, { ...run, beganAt });
  const scoredFrom = beganAt + (built?.seconds ?? 0);
  const scored = runStage({ seconds: evaluation, kind: 'evaluation' }, { ...run, beganAt: scoredFrom });
  const both = built === null ? [scored] : [built, scored];
  const total = (of: (stage: StageRun) => number): number => both.reduce((sum, stage) => sum + of(stage), 0);
  const endsAt = beganAt + total(({ seconds }) => seconds);
  return {
    ...{ endsAt, seconds: endsAt - beganAt, result: resultOf(one, both, [beganAt, endsAt]) },
    waitedSeconds: total(({ waitedSeconds }) => waitedSeconds),
    writtenSeconds: total(({ writtenSeconds }) => writtenSeconds),
  };
}

function between([least, most]: readonly [number, number], random: Random): number {
  return least + (most - least) * random.real();
}

function resultOf(
  { trial, stageId }: ProposedTrial,
  stages: readonly StageRun[],
  [from, to]: readonly [number, number],
): TrialResult {
  const score = { score: 0.5, standardError: 0.1, items: 64 };
  return {
    ...{ trial, stageId, status: 'completed', message: '', weightsSha256: null, metrics: {} },
    scores: {
      skill: { stageId: `skill of ${stageId}`, ...score },
      guard: { stageId: `guard of ${stageId}`, ...score },
    },
    stages: stages.map(({ attempts }, place) => ({
      ...{
        stageId: place === 0 ? stageId : `skill of ${stageId}`,
        kind: place === 0 ? 'sft' : 'evaluate',
        reused: false,
      },
      ...attemptTotals(attempts),
    })),
    startedAt: timeOf(from),
    endedAt: timeOf(to),
  };
}

function booked(state: Exploration, result: TrialResult): Exploration {
  const row = rowOf(state, result);
  if (row === null) throw new Error(`trial ${String(result.trial)}: expected its row, got none`);
  return withRow(state, row);
}
