import type { JsonObject } from './json.js';
import type { Attempt, Evaluator, FailureStatus } from './outcome.js';
import type { BuildKind } from './stage.js';

/** What a policy chooses: an action type and the objects it applies to. Names, not ids, for data; stage ids for models. */
export interface Action {
  readonly kind: BuildKind;
  /** Stage ids of pool models. */
  readonly models: readonly string[];
  /** Dataset names of the plan. */
  readonly datasets: readonly string[];
  /** Every parameter that applies (those whose `when` holds). */
  readonly parameters: Readonly<Record<string, number | string>>;
}

export interface BenchmarkScore {
  readonly stageId: string;
  readonly score: number;
  readonly standardError: number;
  /** Those that have a score. */
  readonly items: number;
  /** Absent in rows of 0.1. */
  readonly evaluator?: Evaluator;
  /** Items without a score; absent: none. Means, errors and comparisons are over the others. */
  readonly missing?: number;
}

export type TrialStatus = 'completed' | FailureStatus;
/**
 * `proposed`: by a person. `inherited`: taken over from another exploration, where it was run and paid. `promotion`: a
 * pipeline of this search again, on more data.
 */
export const TRIAL_ORIGINS = ['base', 'allData', 'policy', 'proposed', 'inherited', 'promotion'] as const;
export type TrialOrigin = (typeof TRIAL_ORIGINS)[number];

/** A stage the trial's pipeline needed, and what it cost. */
export interface StageCost {
  readonly stageId: string;
  readonly kind: string;
  readonly reused: boolean;
  /** All attempts together; for a reused stage what it cost when it was made (and saved now). */
  readonly gpuSeconds: number;
  readonly lostGpuSeconds: number;
  readonly attempts: readonly Attempt[];
}

/** What the child workflow of one trial reports. */
export interface TrialResult {
  readonly trial: number;
  readonly status: TrialStatus;
  readonly message: string;
  readonly stageId: string;
  readonly weightsSha256: string | null;
  /** By benchmark name, on the search split; empty unless completed. */
  readonly scores: Readonly<Record<string, BenchmarkScore>>;
  readonly stages: readonly StageCost[];
  readonly metrics: JsonObject;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
}

/** A trial that was proposed: enters the in-flight set. */
export interface ProposedTrial {
  readonly trial: number;
  readonly origin: TrialOrigin;
  /** The number of the decision that proposed it; null for baselines. */
  readonly decision: number | null;
  readonly action: Action | null;
  readonly stageId: string;
  /** One line for people, e.g. "sft lr=3e-4 on t0003: number, plural". */
  readonly label: string;
  /** The number of the intervention by which a person asked for it; absent in all other trials. */
  readonly intervention?: number;
  /** The failed trial whose stage it tries again. */
  readonly retryOf?: number;
  /** The share of the data it trains on; absent: 1. */
  readonly fidelity?: number;
  /** The id that the pipeline's last stage has at full fidelity; absent: `stageId`. */
  readonly recipeId?: string;
  /** Of a promotion: the trial that goes up a rung. */
  readonly promotes?: number;
}

/** Where an inherited row was written first. */
export interface InheritedFrom {
  readonly explorationId: string;
  readonly trial: number;
}

/** How likely a model meets a constraint, from its scores on the search split. */
export interface ConstraintChance {
  readonly benchmark: string;
  /** The base's evaluation that it is relative to; null for an absolute bound. */
  readonly base: string | null;
  /** Score minus the lowest score that meets it: at least 0 where the point estimate does. */
  readonly slack: number;
  readonly standardError: number;
  /** Whether the standard error is of item-paired differences, or of two independent samples (then too large). */
  readonly paired: boolean;
  /** Φ(slack / standard error). */
  readonly chance: number;
}

/** One row of the ledger, immutable. `sequence` is the order of completion, without gaps from 0. */
export interface TrialRecord extends ProposedTrial, TrialResult {
  readonly schemaVersion: 1;
  readonly sequence: number;
  /** Weighted mean over the benchmarks, on the search split; null unless completed. */
  readonly score: number | null;
  readonly standardError: number | null;
  /** All constraints met by the point estimates. */
  readonly feasible: boolean;
  /** One for each constraint whose scores are there; absent in rows of 0.1 and of failed trials. */
  readonly constraints?: readonly ConstraintChance[];
  /** Absent in rows of trials that ran here. An inherited row's stages all count as reused: they cost nothing here. */
  readonly inherited?: InheritedFrom;
}

/** `t0007`. */
export function trialName(trial: number): string {
  return `t${String(trial).padStart(4, '0')}`;
}

/** The number of `t0007`, `7` or 7; null for anything else. */
export function trialNumber(text: unknown): number | null {
  const digits = /^t?([0-9]{1,9})$/.exec(String(text))?.[1];
  return digits === undefined ? null : Number(digits);
}
