import type { StatusView } from '../activities/ledger/views.js';
import { usdText } from '../domain/prices.js';
import { recoveryText } from '../domain/recoveries.js';
import type { Estimate, ExplorationResult } from '../domain/result.js';
import { trialName } from '../domain/trial.js';

const VERDICTS = {
  improved: 'better than the base, with confidence',
  notShown: 'above the base on the confirm split, but the test split does not show it with confidence',
  baseKept: 'the base is kept',
} as const;

/** The end of an exploration in a few lines. */
export function summaryLines(result: ExplorationResult, championLabel: string | null): readonly string[] {
  const { test, champion, verdict, confirmation, stoppedBecause } = result;
  const label = championLabel === null ? '' : `  ${championLabel}`;
  return [
    `ended: ${stoppedBecause}; ${confirmation.reason}`,
    `champion: ${champion === 0 ? 'the base' : trialName(champion)}${label} (${VERDICTS[verdict]})`,
    `test split: base ${estimate(test.base)}, champion ${estimate(test.best)}`,
    `gain over the base: ${signed(test.difference.value)}, 95 % interval ${signed(test.difference.low)} to ${signed(test.difference.high)}`,
  ];
}

/** What it cost, what reuse saved, and what was recovered; each only where there is something to tell. */
export function costLines({ spend, saved, recoveries }: StatusView): readonly string[] {
  const seconds = (value: number): string => `${value.toFixed(1)} GPU-seconds`;
  const recovered = recoveryText(recoveries);
  return [
    `spent: ${seconds(spend.gpuSeconds)}${llmText(spend)}`,
    ...(saved.stages > 0
      ? [`saved: ${String(saved.stages)} stages were in the store already, ${seconds(saved.gpuSeconds)}`]
      : []),
    ...(recovered === null ? [] : [`recovered: ${recovered}`]),
  ];
}

/** `, 1200 LLM tokens ($0.0021)`; nothing where no LLM was asked. */
export function llmText({ llmTokens, usd }: Pick<StatusView['spend'], 'llmTokens' | 'usd'>): string {
  return llmTokens === 0 ? '' : `, ${String(llmTokens)} LLM tokens (${usdText(usd)})`;
}

function estimate({ value, low, high }: Estimate): string {
  return `${value.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)})`;
}

export function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
}
