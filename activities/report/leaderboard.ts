import type { StoredExploration } from '../ledger/read.js';
import { COST } from '../../domain/pareto.js';
import { leaderboardOf, type LeaderboardRow } from '../ledger/views.js';
import { durationText, percent, settingsText } from './format.js';
import { html, type Markup } from './html.js';

/** All trials, best first; feasible ones before the others. */
export function leaderboardSection(found: StoredExploration): Markup {
  const benchmarks = found.plan.benchmarks.map(({ name }) => name);
  const { rows } = leaderboardOf(found);
  return html`<section aria-labelledby="leaderboard">
    <h2 id="leaderboard">Leaderboard (search split)</h2>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">trial</th>
            <th scope="col">score [95 %]</th>
            ${benchmarks.map((name) => html`<th scope="col">${name}</th>`)}
            ${found.plan.fidelity === undefined ? html`` : html`<th scope="col">data</th>`}
            <th scope="col">constraints (chance)</th>
            <th scope="col">front</th>
            <th scope="col">action</th>
            <th scope="col">built on</th>
            <th scope="col">GPU</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map((row) => leaderboardRow(row, benchmarks, found.plan.fidelity !== undefined))}
        </tbody>
      </table>
    </div>
    <p class="note">
      Constraints: met by the point estimates or not, and the chance that all are met (normal approximation,
      item-paired). Front: no other trial is at least as good in score and in this, and better in one of them.
    </p>
  </section>`;
}

function constraintsText({ score, feasible, chance, constraints }: LeaderboardRow): string {
  if (score === null) return '–';
  if (constraints.length === 0) return feasible ? 'none' : 'not met';
  return `${feasible ? 'met' : 'not met'} (${chance.toFixed(2)})`;
}

function leaderboardRow(row: LeaderboardRow, benchmarks: readonly string[], rungs: boolean): Markup {
  const interval = row.interval === null ? '' : ` [${percent(row.interval[0])}, ${percent(row.interval[1])}]`;
  const score = row.score === null ? row.status : percent(row.score) + interval;
  return html`<tr>
    <th scope="row"><a href="#${row.trial}">${row.trial}</a></th>
    <td>${score}</td>
    ${benchmarks.map((name) => html`<td>${percent(row.scores[name] ?? null)}</td>`)}
    ${rungs ? html`<td>${row.fidelity}</td>` : html``}
    <td>${constraintsText(row)}</td>
    <td>${row.fronts.map((name) => (name === COST ? 'cost' : name)).join(', ')}</td>
    <td>${row.action} <small>${settingsText(row.parameters)}</small></td>
    <td>${[...row.parents, ...row.datasets].join(', ')}</td>
    <td>${durationText(row.gpuSeconds)}</td>
  </tr>`;
}
