import type { ExplorationResult } from '../../domain/result.js';
import { notShownLines, verdictText } from '../../domain/verdict.js';
import { usdText } from '../../domain/prices.js';
import type { StoredExploration } from '../ledger/read.js';
import { statusOf } from '../ledger/views.js';
import { durationText, estimateText, percent } from './format.js';
import { html, type Markup } from './html.js';

/** The verdict in words, and the figures that carry it. */
export function headline(found: StoredExploration): Markup {
  const status = statusOf(found);
  const allData = found.rows.find(({ origin }) => origin === 'allData');
  const { result, plan } = found;
  return html`<section aria-labelledby="headline">
    <h1 id="headline">
      ${plan.name}: ${result === null ? 'still running, no result yet' : verdictText(result)}
    </h1>
    ${result === null ? html`` : notShownLines(result).map((line) => html`<p class="warning">${line}</p>`)}
    <dl class="figures">
      ${result === null ? html`` : testFigures(result)}
      ${figure('Base, search split', percent(status.base.score))}
      ${figure('SFT on all data, search split', percent(allData?.score ?? null))}
      ${figure('Best, search split', status.best === null ? '–' : `${percent(status.best.score)} (${status.best.trial})`)}
      ${figure('Time', timeText(found))}
      ${figure('Trials', `${String(status.trials.completed)} completed, ${String(status.trials.failed)} failed`)}
      ${figure('GPU time', `${durationText(status.spend.gpuSeconds)}, ${durationText(status.spend.lostGpuSeconds)} lost${status.spend.gpuUsd === null ? '' : `, ${usdText(status.spend.gpuUsd)}`}`)}
      ${figure('Reuse', `${String(status.saved.stages)} stages, ${durationText(status.saved.gpuSeconds)} saved`)}
      ${figure('LLM', `${String(status.spend.llmTokens)} tokens, ${usdText(status.spend.usd)}`)}
    </dl>
    ${plan.notes.map((note) => html`<p class="note">${note}</p>`)}
  </section>`;
}

/** From the first trial's start to the last one's end. */
function timeText({ rows, finals }: StoredExploration): string {
  const results = [...rows, ...finals.map(({ result }) => result)];
  const times = results
    .flatMap(({ startedAt, endedAt }) => [Date.parse(startedAt), Date.parse(endedAt)])
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const [first, last] = [times[0], times.at(-1)];
  return first === undefined || last === undefined ? '–' : durationText((last - first) / 1000);
}

function testFigures({ test }: ExplorationResult): Markup {
  return html`${figure('Champion, test split', estimateText(test.best))}
  ${figure('Base, test split', estimateText(test.base))}
  ${figure('Gain on the test split, item-paired', estimateText(test.difference))}`;
}

function figure(name: string, value: string): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}
