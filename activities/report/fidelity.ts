import { fidelityOf } from '../../domain/fidelity.js';
import { FEWEST_PAIRS } from '../../domain/rankCorrelation.js';
import { rungCorrelations, type RungCorrelation } from '../../domain/rungCorrelation.js';
import type { Estimate } from '../../domain/result.js';
import type { StoredExploration } from '../ledger/read.js';
import { html, type Markup } from './html.js';
import { scrollable } from './scrolled.js';

/** The rungs: how many trials each had, and whether the lower ones tell the order on the higher ones. */
export function fidelitySection({ plan, rows }: StoredExploration): Markup {
  const { fidelity } = plan;
  if (fidelity === undefined) return html``;
  const searched = rows.filter(({ action, origin }) => action !== null && origin !== 'allData');
  const counts = fidelity.rungs.map((rung) => {
    const here = searched.filter((row) => fidelityOf(row) === rung);
    return `${String(here.length)} on ${String(rung)}`;
  });
  return html`<section aria-labelledby="rungs">
    <h2 id="rungs">Rungs</h2>
    <p>
      Trials by share of the data: ${counts.join(', ')}. One in ${fidelity.reduction} of a rung goes on, each
      time from its beginning. Scores are compared within a rung; only trials on all of the data can become
      finalists.
    </p>
    <div ${scrollable('Rungs')}>
      <table>
        <caption>
          Does a lower rung tell the order on a higher one?
        </caption>
        <thead>
          <tr>
            <th scope="col">rungs</th>
            <th scope="col">pipelines on both</th>
            <th scope="col">Spearman rho [95 %]</th>
            <th scope="col">Kendall tau-b [95 %]</th>
          </tr>
        </thead>
        <tbody>
          ${rungCorrelations(fidelity, rows).map(correlationRow)}
        </tbody>
      </table>
    </div>
    <p class="note">
      Only promoted pipelines have both scores, and they were promoted for the lower one: over all pipelines
      the figures would be higher.
    </p>
  </section>`;
}

function correlationRow({ lower, higher, n, intervals }: RungCorrelation): Markup {
  return html`<tr>
    <th scope="row">${lower} and ${higher}</th>
    <td>${n}</td>
    <td>${correlationText(intervals?.spearman)}</td>
    <td>${correlationText(intervals?.kendall)}</td>
  </tr>`;
}

/** `0.62 [0.10, 0.88]`, or `too few (10 are needed)`: a figure without its interval would flatter. */
export function correlationText(interval: Estimate | undefined): string {
  if (interval === undefined) return `too few (${String(FEWEST_PAIRS)} are needed)`;
  const [value, low, high] = [interval.value, interval.low, interval.high].map((one) => one.toFixed(2));
  return `${String(value)} [${String(low)}, ${String(high)}]`;
}
