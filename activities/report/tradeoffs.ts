import { tradeoffs, type Tradeoff } from '../../domain/pareto.js';
import { trialName, type TrialRecord } from '../../domain/trial.js';
import type { StoredExploration } from '../ledger/read.js';
import { durationText, percent } from './format.js';
import { html, type Markup } from './html.js';

const WIDTH = 360;
const HEIGHT = 220;
const LEFT = 40;
const BOTTOM = 34;
const MARGIN = 10;

/** The score against each watched or constrained benchmark and against the cost, with the Pareto fronts. */
export function tradeoffsSection({ plan, rows }: StoredExploration): Markup {
  const shown = tradeoffs(plan, rows).filter(({ points }) => points.size > 1);
  if (shown.length === 0) return html``;
  return html`<section aria-labelledby="tradeoffs">
    <h2 id="tradeoffs">Trade-offs (search split)</h2>
    <div class="panels">${shown.map((one) => panel(one, rows))}</div>
    <p class="note">
      Filled: on the front, no other trial is at least as good in both and better in one. Point estimates: a
      step of the front may be noise.
    </p>
  </section>`;
}

function panel(tradeoff: Tradeoff, rows: readonly TrialRecord[]): Markup {
  const { name, kind, points, front } = tradeoff;
  const across = kind === 'cost' ? 'GPU time of the whole pipeline' : `${name}, percent`;
  const placed = [...points].map(([trial, { first, second }]) => ({
    ...{ trial, score: first, other: kind === 'cost' ? -second : second },
    isOnFront: front.has(trial),
  }));
  const x = scaleOf(
    placed.map(({ other }) => other),
    [LEFT + MARGIN, WIDTH - MARGIN],
  );
  const y = scaleOf(
    placed.map(({ score }) => score),
    [HEIGHT - BOTTOM - MARGIN, MARGIN],
  );
  const text = (value: number): string => (kind === 'cost' ? durationText(value) : percent(value));
  const path = [...placed]
    .filter(({ isOnFront }) => isOnFront)
    .sort((a, b) => a.other - b.other)
    .map(({ other, score }) => `${x.at(other).toFixed(1)} ${y.at(score).toFixed(1)}`);
  return html`<figure>
    <figcaption>Score against ${across}</figcaption>
    <svg
      role="img"
      aria-label="Score in percent against ${across}, with the Pareto front"
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      width="${WIDTH}"
    >
      ${[y.low, y.high].map(
        (value) =>
          html`<line
              class="grid"
              x1="${LEFT}"
              x2="${WIDTH}"
              y1="${y.at(value).toFixed(1)}"
              y2="${y.at(value).toFixed(1)}"
            /><text x="${LEFT - 4}" y="${(y.at(value) + 4).toFixed(1)}" text-anchor="end"
              >${percent(value)}</text
            >`,
      )}
      <text x="${x.at(x.low).toFixed(1)}" y="${HEIGHT - 16}">${text(x.low)}</text>
      <text x="${x.at(x.high).toFixed(1)}" y="${HEIGHT - 16}" text-anchor="end">${text(x.high)}</text>
      <path class="best" d="M${path.join(' L')}" />
      ${placed.map(
        ({ trial, score, other, isOnFront }) =>
          html`<g
            ><title>
              ${trialName(trial)} ${rows.find((row) => row.trial === trial)?.label ?? ''}: score
              ${percent(score)}, ${text(other)}
            </title>
            <circle
              class="${isOnFront ? 'feasible' : 'infeasible'}"
              cx="${x.at(other).toFixed(1)}"
              cy="${y.at(score).toFixed(1)}"
              r="4"
          /></g>`,
      )}
    </svg>
  </figure>`;
}

interface Scale {
  readonly low: number;
  readonly high: number;
  readonly at: (value: number) => number;
}

function scaleOf(values: readonly number[], [from, to]: readonly [number, number]): Scale {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const width = high - low || 1;
  return { low, high, at: (value) => from + ((value - low) / width) * (to - from) };
}
