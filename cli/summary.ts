import type { StatusView } from '../activities/ledger/views.js';
import { usdText } from '../domain/prices.js';
import { recoveryText } from '../domain/recoveries.js';
import type { Estimate, ExplorationResult, Figures } from '../domain/result.js';
import { fourWayText, shrinkageText } from '../domain/shrinkage.js';
import { trialName } from '../domain/trial.js';
import { notShownLines, verdictText } from '../domain/verdict.js';

/** The end of an exploration in a few lines. */
export function summaryLines(result: ExplorationResult, championLabel: string | null): readonly string[] {
  const { test, champion, confirmation, stoppedBecause, figures } = result;
  const label = championLabel === null ? '' : `  ${championLabel}`;
  const allData = figures?.models.find((one) => isAllData(one.trial, result))?.test ?? null;
  const overAllData = figures?.gains.find(({ over }) => over !== 0)?.test ?? null;
  return [
    `ended: ${stoppedBecause}; ${confirmation.reason}`,
    `champion: ${champion === 0 ? 'the base' : trialName(champion)}${label} (${verdictText(result)})`,
    ...notShownLines(result),
    `test split: base ${estimate(test.base)}, ${allData === null ? '' : `SFT on all data ${estimate(allData)}, `}champion ${estimate(test.best)}`,
    `gain over the base: ${gain(test.difference)}`,
    ...(overAllData === null ? [] : [`gain over SFT on all data: ${gain(overAllData)}`]),
    ...(figures === undefined ? [] : luckLines(figures, champion)),
  ];
}

function isAllData(trial: number, { champion, confirmation }: ExplorationResult): boolean {
  return trial !== champion && trial === confirmation.allData?.trial;
}

function luckLines(figures: Figures, champion: number): readonly string[] {
  const luck = shrinkageText(figures, champion);
  return [...(luck === null ? [] : [`champion's score: ${luck}`]), `trials: ${fourWayText(figures.counts)}`];
}

function gain({ value, low, high }: Estimate): string {
  return `${signed(value)}, 95 % interval ${signed(low)} to ${signed(high)}`;
}

/** What it cost, what reuse saved, and what was recovered; each only where there is something to tell. */
export function costLines({ spend, saved, recoveries }: StatusView): readonly string[] {
  const seconds = (value: number): string => `${value.toFixed(1)} GPU-seconds`;
  const recovered = recoveryText(recoveries);
  return [
    `spent: ${seconds(spend.gpuSeconds)}${gpuUsdText(spend)}${llmText(spend)}`,
    ...(saved.stages > 0
      ? [`saved: ${String(saved.stages)} stages were in the store already, ${seconds(saved.gpuSeconds)}`]
      : []),
    ...(recovered === null ? [] : [`recovered: ${recovered}`]),
  ];
}

/** ` for $0.42`; nothing where no class of workers has a price. */
export function gpuUsdText({ gpuUsd = null }: Partial<Pick<StatusView['spend'], 'gpuUsd'>>): string {
  return gpuUsd === null ? '' : ` for ${usdText(gpuUsd)}`;
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
