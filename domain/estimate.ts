import { meanOf, type KindCosts } from './costs.js';
import type { Budget } from './plan.js';

/** What is known beforehand of what a search will cost. Nulls: nothing is known. */
export interface CostEstimate {
  readonly trials: number;
  readonly parallel: number;
  readonly gpuSecondsPerTrial: number | null;
  /** `measured`: in trials of the exploration `measuredIn`. `stated`: in the spec. */
  readonly basis: 'measured' | 'stated' | 'unknown';
  readonly measuredTrials: number;
  readonly measuredIn: string | null;
  /** All trials after the baselines, but no more than the budget allows. */
  readonly gpuSeconds: number | null;
  /** Null also where no LLM is asked. */
  readonly llmTokens: number | null;
  readonly asksLlm: boolean;
}

/** Trials of an earlier exploration: what they took. */
export interface Measured {
  readonly name: string;
  readonly costs: KindCosts;
  readonly decisions: number;
  readonly llmTokens: number;
}

/** Trials × seconds: those measured before, else those stated. Never a guess. */
export function estimateCost(
  spec: { readonly budget: Budget; readonly parallel: number; readonly asksLlm: boolean },
  measured: Measured | null,
): CostEstimate {
  const { budget, parallel, asksLlm } = spec;
  const mean = measured === null ? null : meanOf(measured.costs);
  const stated = budget.gpuSecondsPerTrial ?? null;
  const perTrial = mean ?? stated;
  const costs = Object.values(measured?.costs ?? {});
  return {
    ...{ trials: budget.trials, parallel, asksLlm },
    gpuSecondsPerTrial: perTrial,
    basis: mean !== null ? 'measured' : stated !== null ? 'stated' : 'unknown',
    measuredTrials: costs.reduce((total, { trials }) => total + trials, 0),
    measuredIn: mean === null ? null : (measured?.name ?? null),
    gpuSeconds: bounded(perTrial === null ? null : perTrial * budget.trials, budget.gpuSeconds),
    llmTokens: asksLlm ? bounded(tokensOf(budget.trials, measured), budget.llmTokens ?? null) : null,
  };
}

function tokensOf(trials: number, measured: Measured | null): number | null {
  if (measured === null || measured.decisions === 0 || measured.llmTokens === 0) return null;
  return Math.round((measured.llmTokens / measured.decisions) * trials);
}

function bounded(value: number | null, limit: number | null): number | null {
  return value === null || limit === null ? value : Math.min(value, limit);
}

/** For people, before they start. */
export function estimateLines(estimate: CostEstimate): readonly string[] {
  const { trials, parallel, asksLlm, llmTokens } = estimate;
  const at = parallel === 1 ? 'one at a time' : `up to ${String(parallel)} at once`;
  const tokens = llmTokens === null ? 'unknown, as none was measured yet' : `about ${String(llmTokens)}`;
  return [
    `plan: ${String(trials)} trials after the baselines, ${at}`,
    `GPU-seconds: ${gpuText(estimate)}`,
    ...(asksLlm ? [`LLM tokens: ${tokens}`] : []),
  ];
}

function gpuText(estimate: CostEstimate): string {
  const { gpuSeconds, gpuSecondsPerTrial, basis, measuredTrials, measuredIn, trials } = estimate;
  if (gpuSeconds === null || gpuSecondsPerTrial === null)
    return 'unknown: no trial was measured yet, and the spec states no budget.gpuSecondsPerTrial';
  const source =
    basis === 'measured'
      ? `measured over ${String(measuredTrials)} trials of ${String(measuredIn)}`
      : 'as the spec states, not measured';
  const bound = gpuSeconds < gpuSecondsPerTrial * trials ? '; the budget ends it there' : '';
  return `about ${gpuSeconds.toFixed(0)} (${String(trials)} × ${gpuSecondsPerTrial.toFixed(1)}, ${source}${bound}); baselines and the last scoring come on top`;
}
