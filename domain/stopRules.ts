import { nextGpuSeconds, reservedGpuSeconds } from './costs.js';
import { usdSpent, type Exploration } from './exploration.js';
import { isFull } from './fidelity.js';
import { highestUsdPerSecond } from './gpuClass.js';
import type { Plan } from './plan.js';

/** Says why no further trial may be proposed, or null. `now` is ISO 8601. */
export type StopRule = (state: Exploration, now: string) => string | null;

/** The reason of the first rule that has one. */
export function firstReason(rules: readonly StopRule[], state: Exploration, now: string): string | null {
  for (const rule of rules) {
    const reason = rule(state, now);
    if (reason !== null) return reason;
  }
  return null;
}

/** All rules of a plan: its budget first, then what the spec's `stop` says. */
export function stopRulesOf(plan: Plan): readonly StopRule[] {
  const { trials, llmTokens = null, usd = null } = plan.budget;
  const plateau = plan.stop?.plateau ?? null;
  return [
    trialBudget(trials),
    ...machineRulesOf(plan),
    ...(llmTokens === null ? [] : [llmTokenBudget(llmTokens)]),
    ...(usd === null ? [] : [usdBudget(usd)]),
    ...(plateau === null ? [] : [plateauReached(plateau)]),
  ];
}

/** Those that end promotions too: a promotion asks no LLM, is no trial of the budget and what a plateau may end with. */
export function machineRulesOf({ budget, stop }: Plan): readonly StopRule[] {
  const { gpuSeconds, wallClockSeconds } = budget;
  const target = stop?.target ?? null;
  return [
    ...(gpuSeconds === null ? [] : [gpuSecondBudget(gpuSeconds)]),
    ...(wallClockSeconds === null ? [] : [wallClockBudget(wallClockSeconds)]),
    ...(target === null ? [] : [targetReached(target)]),
  ];
}

/** The policy's own trials; those that people ask for come on top. */
export function trialBudget(trials: number): StopRule {
  return ({ policyTrials }) => (policyTrials >= trials ? `budget: ${String(trials)} trials` : null);
}

/** What is spent (lost attempts too), what trials in flight are expected to take, and the next one must fit. */
export function gpuSecondBudget(limit: number): StopRule {
  return (state) => {
    const { gpuSeconds: spent } = state.spend;
    const reserved = reservedGpuSeconds(state);
    const next = nextGpuSeconds(state);
    if (!isUsedUp({ spent: spent + reserved, next, limit })) return null;
    const figures = [`${spent.toFixed(1)} spent`, `${reserved.toFixed(1)} reserved for trials in flight`];
    if (next > 0) figures.push(`the next trial takes about ${next.toFixed(1)}`);
    return `budget: ${String(limit)} GPU-seconds (${figures.join(', ')})`;
  };
}

export function wallClockBudget(seconds: number): StopRule {
  return ({ startedAt }, now) =>
    (Date.parse(now) - Date.parse(startedAt)) / 1000 >= seconds
      ? `budget: ${String(seconds)} s of wall clock`
      : null;
}

/** The next decision is expected to take as much as those before did on average. */
export function llmTokenBudget(limit: number): StopRule {
  return ({ spend: { llmTokens }, nextDecision }) =>
    isUsedUp({ spent: llmTokens, next: perDecision(llmTokens, nextDecision), limit })
      ? `budget: ${String(limit)} LLM tokens (${String(llmTokens)} spent)`
      : null;
}

/**
 * The LLM's calls and the GPUs of classes with a price; what has none counts as free, and the plan's notes say so. Trials in
 * flight and the next one are taken to cost what GPU-seconds did so far, before that the dearest class.
 */
export function usdBudget(limit: number): StopRule {
  return (state) => {
    const { spend, nextDecision, plan } = state;
    const { gpuUsd = 0, gpuSeconds } = spend;
    const rate = gpuUsd > 0 ? gpuUsd / gpuSeconds : highestUsdPerSecond(plan.workers);
    const spent = usdSpent(spend);
    const reserved = rate === 0 ? 0 : rate * reservedGpuSeconds(state);
    const gpus = rate === 0 ? 0 : rate * nextGpuSeconds(state);
    const next = perDecision(spend.usd ?? 0, nextDecision) + gpus;
    if (!isUsedUp({ spent: spent + reserved, next, limit })) return null;
    const flight = reserved === 0 ? '' : `, $${reserved.toFixed(4)} reserved for trials in flight`;
    return `budget: $${String(limit)} ($${spent.toFixed(4)} spent${flight})`;
  };
}

/** A feasible trial on all of its data, the base included, scores at least this much. */
export function targetReached(target: number): StopRule {
  return ({ top }) => {
    const best = top.find((row) => row.feasible && isFull(row));
    if (best === undefined || best.score < target) return null;
    return `target: ${String(target)} reached, with ${best.score.toFixed(4)} by "${best.label}"`;
  };
}

/** So many trials did not raise the best feasible score by at least so much. */
export function plateauReached({ trials, atLeast }: { trials: number; atLeast: number }): StopRule {
  return ({ plateau }) =>
    plateau === undefined || plateau.trials < trials
      ? null
      : `plateau: ${String(plateau.trials)} trials did not raise the best feasible score, ` +
        `${plateau.best === null ? 'of which there is none' : plateau.best.toFixed(4)}, by ${String(atLeast)}`;
}

/** Whether what comes next no longer fits; without an estimate, whether anything is left. */
function isUsedUp(of: { readonly spent: number; readonly next: number; readonly limit: number }): boolean {
  return of.spent >= of.limit || of.spent + of.next > of.limit;
}

function perDecision(spent: number, decisions: number): number {
  return decisions === 0 ? 0 : spent / decisions;
}
