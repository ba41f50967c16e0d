import { columnHeads } from './columns.js';
import { SMALL_CELL, type PositionBias } from '../../domain/positionBias.js';
import { usdText } from '../../domain/prices.js';
import type { StoredExploration } from '../ledger/read.js';
import { searchOf, type PolicyCounts } from '../ledger/search.js';
import { percent } from './format.js';
import { html, type Markup } from './html.js';
import { scrollable } from './scrolled.js';

/** Who decided, what that cost, and whether an LLM favoured places in the lists it was shown. */
export function searchSection(found: StoredExploration): Markup {
  const { policies, bias } = searchOf(found);
  if (policies.length === 0) return html``;
  return html`<section aria-labelledby="search">
    <h2 id="search">How the search decided</h2>
    <div ${scrollable('Policies')}>
      <table>
        ${columnHeads(COLUMNS)}
        <tbody>
          ${policies.map(policyRow)}
        </tbody>
      </table>
    </div>
    ${bias === null ? html`` : biasText(bias)}
  </section>`;
}

const COLUMNS = [
  ...['policy', 'decisions', 'chosen', 'explorations', 'fallbacks', 'nudged'],
  ...['LLM calls', 'answers refused', 'tokens', 'cost'],
] as const;

function policyRow(row: PolicyCounts): Markup {
  const refused = Object.entries(row.refused).map(([kind, count]) => `${kind} ${String(count)}`);
  return html`<tr>
    <th scope="row">${row.policy}</th>
    <td>${row.decisions}</td>
    <td>${row.chosen}</td>
    <td>${row.explorations}</td>
    <td>${row.fallbacks}</td>
    <td>${row.nudged}</td>
    <td>${row.calls}</td>
    <td>${refused.join(', ') || '0'}</td>
    <td>${row.llmTokens}</td>
    <td>${usdText(row.usd)}</td>
  </tr>`;
}

function biasText(bias: PositionBias): Markup {
  const { choices, questions, statistic, freedom, p, drawnP, first, last, smallestCell } = bias;
  const share = (name: string, { observed, expected }: PositionBias['first']): string =>
    `${name} ${percent(observed)} % of the time (${percent(expected)} % if places meant nothing)`;
  return html`<p>
      Position bias: ${choices} choices from ${questions} shuffled lists stood ${share('first', first)} and
      ${share('last', last)}. Pearson's χ² = ${statistic.toFixed(1)} with ${freedom} degrees of freedom, p
      ${pText(p)}; by drawing places at random p ${pText(drawnP)}.
    </p>
    ${
      smallestCell >= SMALL_CELL
        ? html``
        : html`<p class="note">
            Warning: the smallest cell expects ${smallestCell.toFixed(1)} choices, fewer than ${SMALL_CELL};
            read the p-value by drawing, not that of the χ² distribution.
          </p>`
    }`;
}

function pText(p: number): string {
  return p < 0.001 ? '< 0.001' : `= ${p.toFixed(3)}`;
}
