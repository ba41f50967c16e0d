import { openingsText } from '../../domain/opening.js';
import { SPLITS } from '../../domain/plan.js';
import type {
  Estimate,
  ExplorationResult,
  Figures,
  GainFigures,
  ModelFigures,
  SplitScores,
} from '../../domain/result.js';
import { fourWayText } from '../../domain/shrinkage.js';
import { trialName } from '../../domain/trial.js';
import type { StoredExploration } from '../ledger/read.js';
import { constraintsPart } from './constraints.js';
import { estimateText, scoreText } from './format.js';
import { html, type Markup } from './html.js';
import { scrollable } from './scrolled.js';
import { intervalPlot, type PlotLine } from './intervalPlot.js';
import { luckPart } from './luck.js';

/** Search → confirm → test: how the choice was made, what became of the gain, and how much of it was luck. */
export function splitsSection(found: StoredExploration): Markup {
  const { result } = found;
  if (result === null) return html``;
  const { figures } = result;
  return html`<section aria-labelledby="splits">
    <h2 id="splits">From search to test</h2>
    <p>
      ${result.confirmation.reason}. The search ended: ${result.stoppedBecause}. Test split:
      ${openingsText(found.openings ?? [])}.
      ${figures === undefined ? '' : `Trials, without the base: ${fourWayText(figures.counts)}.`}
    </p>
    ${figures === undefined ? html`` : plots(found, result, figures)} ${scoresTable(found, result)}
    ${figures === undefined ? oldGains(result) : gainsTable(result, figures)}
    ${figures === undefined ? html`` : luckPart(result, figures)} ${constraintsPart(result)}
  </section>`;
}

/** What a model is, for people: `base`, `SFT on all data`, `t0007`, and whether it is the champion. */
function nameOf({ rows }: StoredExploration, result: ExplorationResult, trial: number): string {
  const isAllData = rows.some((row) => row.trial === trial && row.origin === 'allData');
  const name = trial === 0 ? 'base' : isAllData ? `SFT on all data (${trialName(trial)})` : trialName(trial);
  return trial === result.champion ? `${name}, champion` : name;
}

function plots(found: StoredExploration, result: ExplorationResult, { models, gains }: Figures): Markup {
  const lines = (name: string, of: Omit<ModelFigures, 'trial'>, isStrong: boolean): readonly PlotLine[] =>
    SPLITS.flatMap((split) => {
      const estimate = of[split];
      return estimate === null ? [] : [{ label: `${name}, ${split}`, split, estimate, isStrong }];
    });
  const short = (trial: number): string => {
    const name = nameOf(found, result, trial);
    return name.replace(/ \(t\d+\)/, '').replace(/^(t\d+), champion$/, 'champion $1');
  };
  return html`${intervalPlot({
      description: 'Scores of base, SFT on all data and champion on the search, confirm and test split',
      groups: models.map((one) => lines(short(one.trial), one, one.trial === result.champion)),
      hasZero: false,
    })}
    <p class="note">
      Scores in percent with 95 % intervals. Circle: search; square: confirm; diamond: test. The search score
      of the champion is the best of many and flatters; its test score does not.
    </p>
    ${intervalPlot({
      description: 'Gains of the champion over base and SFT on all data, item-paired, split by split',
      groups: gains.map((one) => lines(`over ${short(one.over)}`, one, one.over === 0)),
      hasZero: true,
    })}
    ${
      gains.length === 0
        ? html``
        : html`<p class="note">Gains of the champion in points, item-paired; the line is no gain.</p>`
    }`;
}

function scoresTable(found: StoredExploration, result: ExplorationResult): Markup {
  const { base, allData = null, finalists, champion } = result.confirmation;
  const others = [...(allData === null ? [] : [allData]), ...finalists].filter(
    ({ trial }, index, all) => all.findIndex((one) => one.trial === trial) === index,
  );
  const first = (one: SplitScores): number => Number(one.trial !== champion);
  const ordered = [base, ...[...others].sort((a, b) => first(a) - first(b))];
  return html`<div ${scrollable('Scores by split')}>
    <table>
      <caption>
        Scores, 95 % intervals
      </caption>
      <thead>
        <tr>
          <th scope="col">model</th>
          ${SPLITS.map((split) => html`<th scope="col">${split}</th>`)}
          <th scope="col">constraints on confirm</th>
        </tr>
      </thead>
      <tbody>
        ${ordered.map((one) => modelRow(found, result, one))}
      </tbody>
    </table>
  </div>`;
}

function modelRow(found: StoredExploration, result: ExplorationResult, confirmed: SplitScores): Markup {
  const { trial } = confirmed;
  const searched = found.rows.find((row) => row.trial === trial);
  const tested = [result.test.baseScores, result.test.bestScores].find((one) => one.trial === trial);
  const figures = result.figures?.models.find((one) => one.trial === trial);
  const cell = (estimate: Estimate | null | undefined, plain: string): string =>
    estimate === null || estimate === undefined ? plain : estimateText(estimate);
  return html`<tr>
    <th scope="row">${nameOf(found, result, trial)}</th>
    <td>${cell(figures?.search, scoreText(searched?.score ?? null, searched?.standardError ?? null))}</td>
    <td>${cell(figures?.confirm, scoreText(confirmed.score, confirmed.standardError))}</td>
    <td>
      ${cell(figures?.test, tested === undefined ? 'not opened' : scoreText(tested.score, tested.standardError))}
    </td>
    <td>${standing(confirmed)}</td>
  </tr>`;
}

/** Shown by the interval, met by the point estimate alone, or not met. */
function standing({ trial, feasible, constraints }: SplitScores): string {
  if (trial === 0) return '–';
  if (constraints === undefined) return feasible ? 'met' : 'not met';
  if (constraints.length === 0) return 'none';
  if (!feasible) return 'not met';
  return constraints.every(({ shown }) => shown) ? 'shown' : 'met, not shown';
}

function gainsTable(result: ExplorationResult, { gains }: Figures): Markup {
  if (gains.length === 0)
    return html`<p>No trial was chosen, so there is no gain to show: the base is kept.</p>`;
  const name = ({ over }: GainFigures): string => (over === 0 ? 'the base' : 'SFT on all data');
  return html`<div ${scrollable('Gains of the champion')}>
    <table>
      <caption>
        Gain of ${trialName(result.champion)} in points, item-paired bootstrap, 95 %
      </caption>
      <thead>
        <tr>
          <th scope="col">over</th>
          ${SPLITS.map((split) => html`<th scope="col">${split}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${gains.map(
          (one) =>
            html`<tr>
              <th scope="row">${name(one)}</th>
              ${SPLITS.map((split) => {
                const estimate = one[split];
                return html`<td>${estimate === null ? '–' : estimateText(estimate)}</td>`;
              })}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function oldGains({ confirmation: { difference }, test }: ExplorationResult): Markup {
  return html`<p>
    Gain on confirm: ${difference === null ? '–' : estimateText(difference)}; gain on test:
    ${estimateText(test.difference)} (item-paired bootstrap, 95 %).
  </p>`;
}
