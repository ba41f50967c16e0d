import { bookedUsd, type Exploration } from './exploration.js';
import { usdText } from './prices.js';
import { NO_RECOVERIES, recoveryText } from './recoveries.js';
import type { ExplorationResult } from './result.js';
import { trialName } from './trial.js';
import { notShownLines, verdictText } from './verdict.js';

/** The exploration as Markdown for Temporal's "current details": phase, spend, leaderboard, end. Well under 20 kB. */
export function explorationDetails(state: Exploration, result: ExplorationResult | null = null): string {
  return [
    headline(state),
    ...ending(result),
    ...recovered(state),
    '',
    ...table(state),
    '',
    ...running(state),
  ].join('\n');
}

function ending(result: ExplorationResult | null): readonly string[] {
  if (result === null) return [];
  const { value, low, high } = result.test.difference;
  const gain =
    result.champion === 0
      ? ''
      : `; gain on the test split ${value.toFixed(4)} (95 %: ${low.toFixed(4)} to ${high.toFixed(4)})`;
  return [
    '',
    `**Result:** ${cell(verdictText(result))}${gain}`,
    ...notShownLines(result).map((line) => `- ${cell(line, 240)}`),
  ];
}

function headline(state: Exploration): string {
  const { completed, failed, inFlight, spend, plan } = state;
  const phase = state.paused ? 'paused' : state.phase;
  return (
    `**${cell(plan.name)}** ${phase}: ${String(completed)} trials completed, ${String(failed)} failed, ` +
    `${String(inFlight.length)} running; ${spend.gpuSeconds.toFixed(0)} GPU-seconds (${spend.lostGpuSeconds.toFixed(1)} lost, ` +
    `${spend.savedGpuSeconds.toFixed(0)} saved by reuse)${gpuUsdText(spend)}; policy ${plan.policy}${llmText(spend)}`
  );
}

function gpuUsdText({ gpuUsd }: Exploration['spend']): string {
  return gpuUsd === undefined ? '' : ` for ${usdText(gpuUsd)}`;
}

function llmText(spend: Exploration['spend']): string {
  return spend.llmTokens === 0
    ? ''
    : `, ${String(spend.llmTokens)} LLM tokens (${usdText(bookedUsd(spend))})`;
}

/** What was cut short and taken up again; nothing where nothing was. */
function recovered({ recoveries = NO_RECOVERIES }: Exploration): readonly string[] {
  const text = recoveryText(recoveries);
  return text === null ? [] : ['', `Recovered: ${text}`];
}

function table(state: Exploration): readonly string[] {
  const rows = state.top.slice(0, 10).map((row, index) => {
    const score = `${row.score.toFixed(4)} ± ${row.standardError.toFixed(4)}`;
    return `| ${String(index + 1)} | ${trialName(row.trial)} | ${score} | ${row.feasible ? 'yes' : 'no'} | ${cell(row.label)} |`;
  });
  return ['| # | trial | score ± SE | feasible | pipeline step |', '|---|---|---|---|---|', ...rows];
}

function running(state: Exploration): readonly string[] {
  return state.inFlight.map(
    (one) => `- running ${trialName(one.proposed.trial)}: ${cell(one.proposed.label)}`,
  );
}

/** Text that can't break out of a Markdown table cell or become markup. */
function cell(text: string, longest = 160): string {
  return text
    .slice(0, longest)
    .replace(/[|\\`*_[\]<>]/g, '\\$&')
    .replace(/\s+/g, ' ');
}
