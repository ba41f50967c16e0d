import { scaleLinear, type ScaleLinear } from 'd3-scale';
import { curveStepAfter, line } from 'd3-shape';
import { trialName, type TrialRecord } from '../../domain/trial.js';
import { across, nameBelow, px, rowsOfGrid, ticksBelow, upwards, type Frame } from './axes.js';
import { clipped, percent } from './format.js';
import { html, type Markup } from './html.js';
import { scrolled } from './scrolled.js';

const FRAME: Frame = { width: 940, height: 300, left: 44, right: 12, top: 10, bottom: 40 };
/** More points than this are drawn smaller. */
const MANY = 120;

type Linear = ScaleLinear<number, number>;

/** Scores in the order of completion, with one standard error, and the best feasible so far. */
export function scoreChart(rows: readonly TrialRecord[]): Markup {
  const scored = rows.filter(({ score }) => score !== null);
  if (scored.length === 0) return html``;
  const ends = scored.flatMap(({ score, standardError }) =>
    [-1, 1].map((sign) => (score ?? 0) + sign * (standardError ?? 0)),
  );
  const x = scaleLinear([0.5, scored.length + 0.5], across(FRAME));
  const y = scaleLinear(
    [Math.max(0, Math.min(...ends)), Math.min(1, Math.max(...ends))],
    upwards(FRAME),
  ).nice();
  const whole = Object.assign((value: number) => x(value), {
    ticks: (count: number) => x.ticks(Math.min(count, scored.length)).filter(Number.isInteger),
  });
  return html`<section aria-labelledby="chart">
    <h2 id="chart">Scores in order of completion (search split)</h2>
    ${scrolled(
      'Chart of scores in order of completion',
      html`<svg
        role="img"
        aria-label="Score of each trial in percent with one standard error, and the best feasible so far"
        viewBox="0 0 ${FRAME.width} ${FRAME.height}"
        width="${FRAME.width}"
      >
        ${rowsOfGrid(FRAME, y, percentTick)} ${ticksBelow(FRAME, whole, String, 10)}
        ${nameBelow(FRAME, 'trials in order of completion')}
        <g class="${scored.length > MANY ? 'many' : 'few'}">
          ${scored.map((row, index) => point(row, x(index + 1), y, scored.length > MANY ? 2.5 : 4))}
        </g>
        <path class="best" d="${bestPath(scored, x, y)}" />
      </svg>`,
    )}
    <p class="note">
      Score in percent, one standard error up and down. Filled: constraints met. Hollow: not met. The line is
      the best feasible score so far.
    </p>
  </section>`;
}

function percentTick(value: number): string {
  return percent(value).replace(/\.0$/, '');
}

function point(row: TrialRecord, x: number, y: Linear, radius: number): Markup {
  const score = row.score ?? 0;
  const error = row.standardError ?? 0;
  return html`<g
    ><title>${trialName(row.trial)} ${clipped(row.label, 120)}: ${percent(score)}</title>
    <line
      class="error"
      x1="${px(x)}"
      x2="${px(x)}"
      y1="${px(y(Math.max(0, score - error)))}"
      y2="${px(y(Math.min(1, score + error)))}" />
    <circle
      class="${row.feasible ? 'feasible' : 'infeasible'}"
      cx="${px(x)}"
      cy="${px(y(score))}"
      r="${radius}"
  /></g>`;
}

/** Steps up where a feasible trial is better than all before it, and on to the right edge. */
function bestPath(rows: readonly TrialRecord[], x: Linear, y: Linear): string {
  let best = Number.NEGATIVE_INFINITY;
  const steps: (readonly [number, number])[] = [];
  rows.forEach(({ feasible, score }, index) => {
    if (!feasible || (score ?? 0) <= best) return;
    best = score ?? 0;
    steps.push([x(index + 1), y(best)]);
  });
  if (steps.length > 0) steps.push([x(rows.length + 0.5), y(best)]);
  const path = line<readonly [number, number]>(
    ([at]) => at,
    ([, score]) => score,
  );
  return path.curve(curveStepAfter).digits(1)(steps) ?? '';
}
