import type { ExplorationResult, SplitScores } from '../../domain/result.js';
import { trialName } from '../../domain/trial.js';
import type { StoredExploration } from '../ledger/read.js';
import { estimateText, scoreText } from './format.js';
import { html, type Markup } from './html.js';

/** Search → confirm → test: how the choice was made, and what became of the gain. */
export function splitsSection(found: StoredExploration): Markup {
  const { result } = found;
  if (result === null) return html``;
  return html`<section aria-labelledby="splits">
    <h2 id="splits">From search to test</h2>
    <p>
      ${result.confirmation.reason}. The search ended: ${result.stoppedBecause}. The test split was opened
      once.
    </p>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">model</th>
            <th scope="col">search</th>
            <th scope="col">confirm</th>
            <th scope="col">test</th>
            <th scope="col">constraints on confirm</th>
          </tr>
        </thead>
        <tbody>
          ${[result.confirmation.base, ...result.confirmation.finalists].map((one) => modelRow(found, result, one))}
        </tbody>
      </table>
    </div>
    <p>
      Gain on confirm:
      ${result.confirmation.difference === null ? '–' : estimateText(result.confirmation.difference)}; gain on
      test: ${estimateText(result.test.difference)} (item-paired bootstrap, 95 %).
    </p>
  </section>`;
}

function modelRow({ rows }: StoredExploration, result: ExplorationResult, confirmed: SplitScores): Markup {
  const searched = rows.find(({ trial }) => trial === confirmed.trial);
  const tested = [result.test.baseScores, result.test.bestScores].find(
    ({ trial }) => trial === confirmed.trial,
  );
  const name = confirmed.trial === 0 ? 'base' : trialName(confirmed.trial);
  return html`<tr>
    <th scope="row">${name}${confirmed.trial === result.champion ? ' (champion)' : ''}</th>
    <td>${scoreText(searched?.score ?? null, searched?.standardError ?? null)}</td>
    <td>${scoreText(confirmed.score, confirmed.standardError)}</td>
    <td>${tested === undefined ? 'not opened' : scoreText(tested.score, tested.standardError)}</td>
    <td>${confirmed.feasible ? 'met' : 'not met'}</td>
  </tr>`;
}
