import type { Exposure } from './exposure.js';
import { trialName, type TrialStatus } from './trial.js';
import type { Estimate, SplitScores } from './result.js';
import { shortId, type IdentifiedStage } from './stage.js';

/** What `scale` is asked for: plain JSON, the input of its workflow. */
export interface ScaleRequest {
  /** The exploration's name. */
  readonly exploration: string;
  /** How many of the found pipelines; default 3. */
  readonly top?: number;
  /** Times the optimiser steps and the share of the rows; default 1. */
  readonly dataFraction?: number;
  /** Folder of another base model; absolute, or from the orchestrator's working folder. */
  readonly base?: string;
}

export interface ScaledBase {
  readonly stageId: string;
  readonly weightsSha256: string;
  readonly parameterCount: number;
}

/** One pipeline and its twin in the other size; trial 0 is the base. */
export interface ScaledPipeline {
  readonly trial: number;
  readonly label: string;
  /** Stage ids of the two models; equal where the substitution changes nothing. */
  readonly original: string;
  readonly scaled: string;
  /** Trainings on the way to each model. */
  readonly training: { readonly original: readonly Exposure[]; readonly scaled: readonly Exposure[] };
}

/** What is compared with what: fixed at the first start of a label. */
export interface ScalePlan {
  readonly schemaVersion: 1;
  readonly explorationId: string;
  readonly exploration: string;
  readonly label: string;
  readonly factor: number;
  readonly base: ScaledBase | null;
  /** The base first, then the found pipelines, best first. */
  readonly pipelines: readonly ScaledPipeline[];
}

/** A model to build, where it is missing, and to score on the confirm split. */
export interface ScaleJob {
  /** `t0003-original` or `t0003-scaled`. */
  readonly name: string;
  readonly trial: number;
  readonly stageId: string;
  readonly label: string;
  readonly evaluations: Readonly<Record<string, IdentifiedStage>>;
}

/** `kept` and `reversed` only where both gaps exclude 0. */
export type OrderVerdict = 'kept' | 'reversed' | 'notDistinguishable';

/** Two pipelines before and after; gaps are first minus second, item-paired. */
export interface OrderRow {
  readonly trials: readonly [number, number];
  readonly original: Estimate;
  readonly scaled: Estimate;
  readonly verdict: OrderVerdict;
}

export interface ScaleOutcome {
  readonly trial: number;
  readonly label: string;
  readonly status: { readonly original: TrialStatus; readonly scaled: TrialStatus };
  readonly message: string;
  /** null: it failed. */
  readonly original: SplitScores | null;
  readonly scaled: SplitScores | null;
  /** Scaled minus original. */
  readonly change: Estimate | null;
  /** Over the base of the same size; null for the base itself. */
  readonly gain: { readonly original: Estimate | null; readonly scaled: Estimate | null };
}

export interface ScaleResult {
  readonly schemaVersion: 1;
  readonly plan: ScalePlan;
  /** Two-sided, of each interval by itself. */
  readonly level: number;
  readonly pipelines: readonly ScaleOutcome[];
  readonly orders: readonly OrderRow[];
  readonly spend: {
    readonly gpuSeconds: number;
    readonly lostGpuSeconds: number;
    readonly savedGpuSeconds: number;
  };
  readonly endedAt: string;
}

/** `data-x2-top3`, `base-1a2b3c4d-top3`: equal substitutions have equal labels, and are worked out once. */
export function scaleLabel(of: {
  readonly top: number;
  readonly factor: number;
  readonly base: string | null;
}): string {
  return [
    ...(of.factor === 1 ? [] : [`data-x${String(of.factor)}`]),
    ...(of.base === null ? [] : [`base-${shortId(of.base)}`]),
    `top${String(of.top)}`,
  ].join('-');
}

/** Every model once; a model that stands on both sides has one job. */
export function scaleJobs(
  { pipelines }: Pick<ScalePlan, 'pipelines'>,
  evaluationsOf: (stageId: string) => ScaleJob['evaluations'],
): readonly ScaleJob[] {
  const seen = new Set<string>();
  return pipelines.flatMap(({ trial, label, original, scaled }) =>
    (
      [
        ['original', original, label],
        ['scaled', scaled, `${label}, scaled`],
      ] as const
    ).flatMap(([side, stageId, text]) => {
      if (seen.has(stageId)) return [];
      seen.add(stageId);
      const name = `${trialName(trial)}-${side}`;
      return [{ name, trial, stageId, label: text, evaluations: evaluationsOf(stageId) }];
    }),
  );
}

/** Whose cost it is: `<explorationId>/scale-<label>-<job>`. */
export function scaleRequester(plan: Pick<ScalePlan, 'explorationId' | 'label'>, job: string): string {
  return `${plan.explorationId}/${scaleBooking(plan.label, job)}`;
}

export function scaleBooking(label: string, job: string): string {
  return `scale-${label}-${job}`;
}

/** An order is only called kept or reversed when neither gap could be 0. */
export function orderVerdict(original: Estimate, scaled: Estimate): OrderVerdict {
  const [before, after] = [signOf(original), signOf(scaled)];
  if (before === 0 || after === 0) return 'notDistinguishable';
  return before === after ? 'kept' : 'reversed';
}

/** 1 or -1 where the interval lies on one side of 0, else 0. */
function signOf({ low, high }: Estimate): -1 | 0 | 1 {
  return low > 0 ? 1 : high < 0 ? -1 : 0;
}
