import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { BudgetChange } from '../domain/budgetChange.js';
import type { InFlight, Phase, Spend, TopRow } from '../domain/exploration.js';
import type { QueuedTrial, SteeringNote } from '../domain/intervention.js';
import type { Json } from '../domain/json.js';
import type { Budget } from '../domain/plan.js';
import type { Recoveries } from '../domain/recoveries.js';
import type { TrialResult } from '../domain/trial.js';

/** Sent by a trial's workflow to its exploration's workflow id; the id keeps strangers of an earlier run out. */
export interface TrialEnded {
  readonly explorationId: string;
  readonly result: TrialResult;
}
export const trialEnded = defineSignal<[TrialEnded]>('trialEnded');

/** Why a person acts; `{}` is enough. */
export interface Reason {
  readonly reason?: string;
}
export const pauseUpdate = defineUpdate<string, [Reason]>('pause');
export const resumeUpdate = defineUpdate<string, []>('resume');
export const stopUpdate = defineUpdate<string, [Reason]>('stop');

/** Who acts; put on record. */
interface Acting {
  readonly by?: string;
}
/** `text`: what the agent is to mind, beside what was said before; `clear`: forget all of it first. */
export interface Steer extends Acting {
  readonly text?: string;
  readonly clear?: boolean;
}
export const steerUpdate = defineUpdate<string, [Steer]>('steer');

/** Limits to change: `{"trials": "+20", "gpuSeconds": 3600}`. */
export type ChangeBudget = BudgetChange & Acting;
export const budgetUpdate = defineUpdate<string, [ChangeBudget]>('budget');

/** `{"action": {"kind": "merge", "models": ["t0003", "t0007"]}}`. */
export interface Propose extends Acting {
  readonly action: Json;
}
export const proposeUpdate = defineUpdate<string, [Propose]>('propose');

/** `{"trial": "t0007"}`. */
export interface Retry extends Acting {
  readonly trial: string | number;
}
export const retryUpdate = defineUpdate<string, [Retry]>('retry');

export interface StatusAnswer {
  readonly explorationId: string;
  readonly name: string;
  readonly phase: Phase;
  readonly paused: boolean;
  readonly stopReason: string | null;
  readonly trials: {
    readonly completed: number;
    readonly failed: number;
    readonly running: number;
    readonly budget: number;
  };
  readonly inFlight: readonly InFlight[];
  readonly best: TopRow | null;
  readonly spend: Spend;
  /** Absent from orchestrators of 0.1. */
  readonly recoveries?: Recoveries;
  /** Asked for by people, and not started yet; absent from orchestrators of 0.1, like all below. */
  readonly queued?: readonly QueuedTrial[];
  readonly steering?: readonly SteeringNote[];
  readonly budget?: Budget;
  /** GPU-seconds that trials in flight are expected to take. */
  readonly reservedGpuSeconds?: number;
  readonly notes: readonly string[];
}
export const statusQuery = defineQuery<StatusAnswer | null>('status');

/** A scale study while it runs. */
export interface ScaleAnswer {
  readonly label: string;
  /** In the order they are started; `ended` has their status. */
  readonly models: number;
  readonly waiting: readonly string[];
  readonly running: readonly { readonly job: string; readonly workflowId: string; readonly label: string }[];
  readonly ended: readonly { readonly job: string; readonly status: string }[];
}
export const scaleQuery = defineQuery<ScaleAnswer | null>('scaleStatus');
export const leaderboardQuery = defineQuery<readonly TopRow[]>('leaderboard');

/** What the Web UI and `temporal` say of each message, with the JSON that it takes. */
export const DESCRIPTIONS = {
  status:
    'Phase, trials, what runs, best trial, spend, budget and steering; null while the spec is prepared.',
  leaderboard: 'The best 20 trials, best first: score ± standard error on the search split, feasible or not.',
  trialEnded: 'Sent by the workflows of trials alone: the result of one.',
  pause: 'No new trial starts; trials in flight go on. {"reason": "…"} or {}.',
  resume: 'Trials start again after a pause. No input.',
  stop: 'Ends the search: trials in flight are cancelled, then the best so far is confirmed and tested. {"reason": "…"} or {}.',
  steer:
    'What the agent is to mind from the next decision on: {"text": "…", "by": "ann"}; {"clear": true} forgets all.',
  budget: 'Changes limits while it runs: {"trials": "+20", "gpuSeconds": 3600, "by": "ann"}.',
  propose:
    'A trial of your own, next: {"action": {"kind": "merge", "models": ["t0003", "t0007"]}, "by": "ann"}.',
  retry: 'A failed trial again, next: {"trial": "t0007", "by": "ann"}.',
  scaleStatus: 'Models of the study that wait, run and have ended; null while it is prepared.',
} as const;
