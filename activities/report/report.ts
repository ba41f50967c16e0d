import { comparisonsWithBest } from '../../domain/comparison.js';
import { isFull } from '../../domain/fidelity.js';
import type { Estimate } from '../../domain/result.js';
import type { Curves } from '../ledger/curves.js';
import type { StoredExploration } from '../ledger/read.js';
import { scoreChart } from './chart.js';
import { contaminationSection } from './contamination.js';
import { curvesSection, drawnOf } from './curves.js';
import { fidelitySection } from './fidelity.js';
import { headline } from './headline.js';
import { html, type Markup } from './html.js';
import { identitySection } from './identity.js';
import { leaderboardSection } from './leaderboard.js';
import { lineageSection } from './lineage.js';
import { contentsOf } from './contents.js';
import { reliabilitySection } from './reliability.js';
import { scaleSections } from './scale.js';
import { pageScript } from './script.js';
import { searchSection } from './search.js';
import { splitsSection } from './splits.js';
import { STYLE } from './style.js';
import { timelineSection } from './timeline.js';
import { tradeoffsSection } from './tradeoffs.js';
import { trainingSection } from './training.js';
import { trialSections } from './trials.js';

export interface ReportOptions {
  /** Differences to the best trial, item by item, where the items are known (`pairedWithBest`). */
  readonly paired?: ReadonlyMap<number, Estimate>;
  /** How the trainings went, by stage id (`loadCurves`). */
  readonly curves?: Curves;
  /** Follows the server that it comes from (`report --serve`). */
  readonly isLive?: boolean;
}

/**
 * The report as one HTML page: no network, whole without scripts, readable without colours, printable. Equal ledgers
 * give equal pages.
 */
export function renderReport(found: StoredExploration, options: ReportOptions = {}): string {
  const { isLive = false } = options;
  const { element, policy } = pageScript(isLive);
  const sections = sectionsOf(found, options);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        ${isLive ? html`<link rel="icon" href="data:," /><noscript><meta http-equiv="refresh" content="15" /></noscript>` : html``}
        <title>LaMDAgent: ${found.plan.name}</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <a class="skip" href="#headline">To the result</a>
        ${isLive ? html`<header><p id="live" role="status">Live with scripts; without them, the page loads anew every 15 s.</p></header>` : html``}
        ${contentsOf(sections)}
        <main>${sections}</main>
        ${element}
      </body>
    </html>`;
  return `${page.markup.trim()}\n`;
}

function sectionsOf(
  found: StoredExploration,
  { paired = new Map(), curves = new Map() }: ReportOptions,
): readonly Markup[] {
  const drawn = drawnOf(found, curves);
  const comparisons = comparisonsWithBest(found.rows, paired);
  return [
    ...[
      headline(found),
      splitsSection(found),
      scoreChart(found.rows.filter(isFull)),
      tradeoffsSection(found),
    ],
    ...[leaderboardSection(found, comparisons), lineageSection(found), timelineSection(found)],
    ...[
      curvesSection(drawn),
      trainingSection(found, curves),
      fidelitySection(found),
      ...scaleSections(found),
    ],
    ...[searchSection(found), contaminationSection(found), reliabilitySection(found)],
    ...[trialSections(found, drawn), identitySection(found, { comparisons, drawn })],
  ];
}
