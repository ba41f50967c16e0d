import { bookedUsd, type Exploration } from './exploration.js';
import { fidelityOf } from './fidelity.js';
import { cell, markdownTable, MOST_BYTES, withinBytes } from './markdown.js';
import { planLines } from './planDetails.js';
import { usdText } from './prices.js';
import { NO_RECOVERIES, recoveryText } from './recoveries.js';
import type { ExplorationResult } from './result.js';
import { readableLabel } from './summaries.js';
import { trialName } from './trial.js';
import { notShownLines, verdictText } from './verdict.js';

const MOST_ROWS = 10;
const MOST_RUNNING = 12;
const MOST_NOT_SHOWN = 10;

/** While the spec is checked and nothing else is known. */
export function preparingDetails(name: string | null): string {
  const who = name === null ? 'The exploration' : `**${cell(name)}**`;
  return (
    `${who} preparing: the spec is checked, models, data and benchmarks are imported and hashed, and training rows are ` +
    'compared with the items of every benchmark. A bad spec ends it here, with a message that says what to change.'
  );
}

/**
 * The exploration as Markdown for Temporal's "current details": phase, spend, leaderboard, what runs, how it ended, what
 * is searched. All that a person sees of an exploration that was started without static details.
 */
export function explorationDetails(state: Exploration, result: ExplorationResult | null = null): string {
  const lines = [
    headline(state),
    ...ending(result),
    ...recovered(state),
    '',
    ...table(state),
    '',
    ...running(state),
    '',
    ...planLines(state.plan),
  ];
  return withinBytes(lines.join('\n'), MOST_BYTES.details);
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
    ...notShownLines(result)
      .slice(0, MOST_NOT_SHOWN)
      .map((line) => `- ${cell(line, 240)}`),
  ];
}

function headline(state: Exploration): string {
  const { completed, failed, inFlight, spend, plan } = state;
  const ending = state.stopReason === null ? '' : ` (${cell(state.stopReason, 300)})`;
  const phase = `${state.paused ? 'paused' : state.phase}${ending}`;
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

/** The best trials, best first; a search with rungs says how much of the data each one saw. */
function table({ top, plan }: Exploration): readonly string[] {
  if (top.length === 0) return ['No trial has a score yet.'];
  const hasRungs = plan.fidelity !== undefined;
  const head = ['#', 'trial', 'score ± SE', 'feasible', ...(hasRungs ? ['data'] : []), 'pipeline step'];
  const rows = top.slice(0, MOST_ROWS).map((row, index) => {
    const score = `${row.score.toFixed(4)} ± ${row.standardError.toFixed(4)}`;
    const data = hasRungs ? [String(fidelityOf(row))] : [];
    const label = cell(readableLabel(row.label));
    return [String(index + 1), trialName(row.trial), score, row.feasible ? 'yes' : 'no', ...data, label];
  });
  return markdownTable(head, rows);
}

function running({ inFlight }: Exploration): readonly string[] {
  const shown = inFlight
    .slice(0, MOST_RUNNING)
    .map(
      ({ proposed, restarts }) =>
        `- running ${trialName(proposed.trial)}: ${cell(readableLabel(proposed.label))}${restartsText(restarts)}`,
    );
  const rest = inFlight.length - shown.length;
  return rest > 0 ? [...shown, `- and ${String(rest)} more`] : shown;
}

function restartsText(restarts: number): string {
  return restarts === 0 ? '' : ` (its workflow vanished and was started again ${String(restarts)}×)`;
}
