import { trialName, type TrialRecord } from '../../domain/trial.js';
import { percent } from './format.js';
import { html, type Markup } from './html.js';

const WIDTH = 760;
const HEIGHT = 260;
const LEFT = 44;
const BOTTOM = 28;

/** Scores in the order of completion, with one standard error, and the best feasible so far. */
export function scoreChart(rows: readonly TrialRecord[]): Markup {
  const scored = rows.filter(({ score }) => score !== null);
  if (scored.length === 0) return html``;
  const top = Math.min(
    1,
    Math.max(...scored.map(({ score, standardError }) => (score ?? 0) + (standardError ?? 0))) * 1.1 || 1,
  );
  const x = (index: number): number => LEFT + ((index + 0.5) * (WIDTH - LEFT)) / scored.length;
  const y = (score: number): number => (HEIGHT - BOTTOM) * (1 - score / top);
  return html`<section aria-labelledby="chart">
    <h2 id="chart">Scores in order of completion (search split)</h2>
    <div class="wide">
      <svg
        role="img"
        aria-label="Score of each trial in percent with one standard error, and the best feasible so far"
        viewBox="0 0 ${WIDTH} ${HEIGHT}"
        width="${WIDTH}"
      >
        ${[0, 0.25, 0.5, 0.75, 1].map((share) => gridLine(y(share * top), share * top))}
        <path class="best" d="${bestPath(scored, x, y)}" />
        ${scored.map((row, index) => point(row, x(index), y))}
      </svg>
    </div>
    <p class="note">Filled: constraints met. Hollow: not met. The line is the best feasible score so far.</p>
  </section>`;
}

function gridLine(y: number, score: number): Markup {
  return html`<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" /><text
      x="${LEFT - 6}"
      y="${(y + 4).toFixed(1)}"
      text-anchor="end"
      >${percent(score)}</text
    >`;
}

function point(row: TrialRecord, x: number, y: (score: number) => number): Markup {
  const score = row.score ?? 0;
  const error = row.standardError ?? 0;
  return html`<g
    ><title>${trialName(row.trial)} ${row.label}: ${percent(score)}</title>
    <line
      class="error"
      x1="${x.toFixed(1)}"
      x2="${x.toFixed(1)}"
      y1="${y(score - error).toFixed(1)}"
      y2="${y(score + error).toFixed(1)}"
    />
    <circle
      class="${row.feasible ? 'feasible' : 'infeasible'}"
      cx="${x.toFixed(1)}"
      cy="${y(score).toFixed(1)}"
      r="4"
    />
    <text class="tick" x="${x.toFixed(1)}" y="${HEIGHT - 8}" text-anchor="middle"
      >${String(row.trial)}</text
    ></g
  >`;
}

function bestPath(
  rows: readonly TrialRecord[],
  x: (index: number) => number,
  y: (score: number) => number,
): string {
  let best: number | null = null;
  const steps: string[] = [];
  rows.forEach((row, index) => {
    if (row.feasible && (best === null || (row.score ?? 0) > best)) {
      if (best !== null) steps.push(`L${x(index).toFixed(1)} ${y(best).toFixed(1)}`);
      best = row.score ?? 0;
    }
    if (best !== null)
      steps.push(`${steps.length === 0 ? 'M' : 'L'}${x(index).toFixed(1)} ${y(best).toFixed(1)}`);
  });
  return steps.join(' ');
}
