import type { DecisionRecord } from '../../domain/decision.js';
import { pipelineCosts } from '../../domain/pipelineCost.js';
import { nameInPool, poolOf, type Pool } from '../../domain/pool.js';
import { applicable } from '../../domain/stageOfAction.js';
import { trialName, type ProposedTrial, type TrialRecord } from '../../domain/trial.js';
import { originText } from '../ledger/decisionView.js';
import type { StoredExploration } from '../ledger/read.js';
import { differenceToParent } from '../ledger/recipe.js';
import { scoreViews, type ScoreView } from '../ledger/trialScores.js';
import { stateOf } from '../ledger/views.js';
import { attemptsTable } from './attemptsTable.js';
import { commandsPart } from './commands.js';
import { drawnByStage, trialCurves, type Drawn } from './curves.js';
import { clipped, durationText, estimateText, percent, scoreText, settingsText } from './format.js';
import { html, type Markup } from './html.js';
import { scrolled } from './scrolled.js';
import { whyText } from './why.js';

const LONGEST = 600;
const LONGEST_LABEL = 160;

/** What all sections look things up in, made once. */
interface Index {
  readonly found: StoredExploration;
  readonly pool: Pool;
  readonly base: TrialRecord | null;
  readonly decisions: ReadonlyMap<number, DecisionRecord>;
  readonly costs: ReadonlyMap<string, number>;
  readonly drawn: ReadonlyMap<string, Drawn>;
}

/** A section a trial: why it was proposed, what it is, how it did, what it cost, and how to see more. */
export function trialSections(found: StoredExploration, drawn: readonly Drawn[]): Markup {
  const index: Index = {
    ...{ found, pool: poolOf(found.plan, found.rows) },
    base: found.rows.find(({ origin }) => origin === 'base') ?? null,
    decisions: new Map(found.decisions.map((one) => [one.proposed.trial, one])),
    ...{ costs: pipelineCosts(found.rows), drawn: drawnByStage(drawn) },
  };
  const booked = new Map(found.rows.map((row) => [row.trial, row]));
  const pending = found.decisions.map(({ proposed }) => proposed).filter(({ trial }) => !booked.has(trial));
  const all = [...found.rows, ...pending].sort((a, b) => a.trial - b.trial);
  return html`<section aria-labelledby="trials">
    <h2 id="trials">Trials</h2>
    ${all.map((one) => trialSection(one, booked.get(one.trial) ?? null, index))}
  </section>`;
}

function trialSection(proposed: ProposedTrial, row: TrialRecord | null, index: Index): Markup {
  const name = trialName(proposed.trial);
  const why = index.decisions.get(proposed.trial);
  // The id stands inside, so that a link to it opens the section, without scripts too.
  return html`<details>
    <summary>${name} ${clipped(proposed.label, LONGEST_LABEL)}: ${outcome(row, index.found)}</summary>
    <div id="${name}" class="trial">
      <dl>
        ${entry('Proposed by', why === undefined ? originText(row ?? proposed) : whyText(index.found, why))}
        ${row === null || row.message === '' ? html`` : entry('Message', clipped(row.message, LONGEST))}
        ${proposed.action === null ? html`` : whatEntries(proposed, index)}
        ${row === null ? html`` : costEntry(row, index)} ${entry('Stage', proposed.stageId)}
        ${row?.weightsSha256 ? entry('Weights SHA-256', row.weightsSha256) : html``}
      </dl>
      ${row === null ? html`` : scoresTable(scoreViews(index.found.plan, row, index.base))}
      ${row === null ? html`` : html`${trialCurves(row, index.drawn)}${attemptsTable(row)}`}
      ${commandsPart(index.found.plan.name, proposed, index.pool, row)}
    </div>
  </details>`;
}

function outcome(row: TrialRecord | null, found: StoredExploration): string {
  if (row === null) return stateOf(found) === 'running' ? 'in flight' : 'not booked';
  return row.score === null ? row.status : scoreText(row.score, row.standardError);
}

function entry(name: string, value: string): Markup {
  return html`<dt>${name}</dt>
    <dd>${value}</dd>`;
}

/** Settings, parents, and, where the only parent was made in the same way, what is different. */
function whatEntries(proposed: ProposedTrial, { pool }: Index): Markup {
  const { action } = proposed;
  if (action === null) return html``;
  const parents = action.models.map((id) => nameInPool(pool, id)).join(', ');
  const difference = differenceToParent(pool, proposed);
  const changes = difference?.changes.map(
    ({ of, from, to }) => `${of} ${clipped(from, 80)} → ${clipped(to, 80)}`,
  );
  return html`${entry('Built on', clipped([parents, ...action.datasets].join(', '), LONGEST))}
  ${entry('Settings', settingsText(applicable(action)))}
  ${
    difference === null || changes === undefined
      ? html``
      : entry(
          `Unlike its parent ${difference.parent}`,
          changes.join('; ') || 'nothing but the model it starts from',
        )
  }`;
}

function costEntry(row: TrialRecord, { costs }: Index): Markup {
  const total = (reused: boolean, of: 'gpuSeconds' | 'lostGpuSeconds'): number =>
    row.stages.filter((stage) => stage.reused === reused).reduce((sum, stage) => sum + stage[of], 0);
  const lost = total(false, 'lostGpuSeconds');
  const saved = total(true, 'gpuSeconds');
  return entry(
    'GPU time',
    `${durationText(total(false, 'gpuSeconds'))}${lost > 0 ? `, ${durationText(lost)} of it lost` : ''}` +
      `${saved > 0 ? `; ${durationText(saved)} saved by reuse` : ''}; the whole pipeline takes ${durationText(costs.get(row.stageId) ?? 0)}`,
  );
}

/** Each benchmark with its 95 % interval, next to the base's. */
function scoresTable(scores: readonly ScoreView[]): Markup {
  if (scores.length === 0) return html``;
  return scrolled(
    'Scores',
    html`<table>
      <caption>
        Scores on the search split, 95 % intervals
      </caption>
      <thead>
        <tr>
          ${['benchmark', 'score', 'items', 'base', 'against the base', 'constraint'].map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${scores.map(
          ({ benchmark, score, interval: [low, high], items, missing, base, difference, constraint }) =>
            html`<tr>
              <th scope="row">${clipped(benchmark, 60)}</th>
              <td>${estimateText({ value: score, low, high })}</td>
              <td>${items}${missing > 0 ? ` (${String(missing)} missing)` : ''}</td>
              <td>${percent(base)}</td>
              <td>${difference === null ? '–' : estimateText(difference)}</td>
              <td>
                ${constraint === null ? '' : `${constraint.met ? 'met' : 'not met'}, limit ${percent(constraint.limit)}`}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>`,
  );
}
