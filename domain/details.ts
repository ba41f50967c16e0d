import { bookedUsd, type Exploration } from './exploration.js';
import { usdText } from './prices.js';
import { NO_RECOVERIES, recoveryText } from './recoveries.js';
import { trialName } from './trial.js';

/** The exploration as Markdown for Temporal's "current details": phase, spend, leaderboard. Well under 20 kB. */
export function explorationDetails(state: Exploration): string {
  return [headline(state), ...recovered(state), '', ...table(state), '', ...running(state)].join('\n');
}

function headline(state: Exploration): string {
  const { completed, failed, inFlight, spend, plan } = state;
  const phase = state.paused ? 'paused' : state.phase;
  return (
    `**${cell(plan.name)}** ${phase}: ${String(completed)} trials completed, ${String(failed)} failed, ` +
    `${String(inFlight.length)} running; ${spend.gpuSeconds.toFixed(0)} GPU-seconds (${spend.lostGpuSeconds.toFixed(1)} lost, ` +
    `${spend.savedGpuSeconds.toFixed(0)} saved by reuse); policy ${plan.policy}${llmText(spend)}`
  );
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
function cell(text: string): string {
  return text
    .slice(0, 160)
    .replace(/[|\\`*_[\]<>]/g, '\\$&')
    .replace(/\s+/g, ' ');
}
