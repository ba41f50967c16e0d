import { isFull } from '../../domain/fidelity.js';
import { STYLE } from './style.js';
import type { StoredExploration } from '../ledger/read.js';
import { leaderboardOf, statusOf } from '../ledger/views.js';
import { scoreChart } from './chart.js';
import { evaluatorEntries } from './evaluators.js';
import { contaminationSection } from './contamination.js';
import { fidelitySection } from './fidelity.js';
import { headline } from './headline.js';
import { html, type Markup } from './html.js';
import { leaderboardSection } from './leaderboard.js';
import { reliabilitySection } from './reliability.js';
import { searchOf } from '../ledger/search.js';
import { searchSection } from './search.js';
import { scaleSections } from './scale.js';
import { splitsSection } from './splits.js';
import { tradeoffsSection } from './tradeoffs.js';
import { trialSections } from './trials.js';

/** The report as one HTML page: no network, no scripts, readable without colours, printable. */
export function renderReport(found: StoredExploration): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>LaMDAgent: ${found.plan.name}</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <main>
          ${headline(found)} ${splitsSection(found)} ${scoreChart(found.rows.filter(isFull))}
          ${tradeoffsSection(found)} ${leaderboardSection(found)} ${fidelitySection(found)}
          ${scaleSections(found)} ${searchSection(found)} ${contaminationSection(found)}
          ${reliabilitySection(found)} ${trialSections(found)} ${identity(found)}
        </main>
      </body>
    </html>`;
  return `${page.markup.trim()}\n`;
}

/** Seeds and hashes, and the figures as a file to download. */
function identity(found: StoredExploration): Markup {
  const { plan } = found;
  const data = JSON.stringify({
    status: statusOf(found),
    leaderboard: leaderboardOf(found),
    search: searchOf(found),
    result: found.result,
  });
  const link = `data:application/json;base64,${Buffer.from(data).toString('base64')}`;
  return html`<section aria-labelledby="identity">
    <h2 id="identity">Identity</h2>
    <dl>
      <dt>Exploration</dt>
      <dd>${plan.explorationId}</dd>
      <dt>Seed</dt>
      <dd>${plan.seed}</dd>
      <dt>Policy</dt>
      <dd>${plan.policy}</dd>
      ${plan.models.map(
        ({ name, weightsSha256 }) =>
          html`<dt>Model ${name}</dt>
            <dd>${weightsSha256}</dd>`,
      )}
      ${plan.datasets.map(
        ({ name, stageId, rows }) =>
          html`<dt>Dataset ${name} (${rows} rows)</dt>
            <dd>${stageId}</dd>`,
      )}
      ${plan.benchmarks.map(
        ({ name, splits }) =>
          html`<dt>Benchmark ${name}</dt>
            <dd>
              ${Object.entries(splits)
                .map(([split, one]) => `${split} ${String(one.items)} items ${one.stageId.slice(0, 16)}`)
                .join(', ')}
            </dd>`,
      )}
      ${evaluatorEntries(found)}
    </dl>
    <p><a download="${plan.explorationId}.json" href="${link}">All figures as JSON</a></p>
  </section>`;
}
