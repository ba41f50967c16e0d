import { scaleLinear } from 'd3-scale';
import { curveStepAfter, curveStepBefore, line } from 'd3-shape';
import { tradeoffs, type Tradeoff } from '../../domain/pareto.js';
import { trialName, type TrialRecord } from '../../domain/trial.js';
import type { StoredExploration } from '../ledger/read.js';
import { across, nameBelow, px, rowsOfGrid, ticksBelow, upwards, type Frame } from './axes.js';
import { clipped, durationText, percent } from './format.js';
import { html, type Markup } from './html.js';

const FRAME: Frame = { width: 460, height: 300, left: 44, right: 16, top: 12, bottom: 44 };

/** The score against each watched or constrained benchmark and against the cost, with the Pareto fronts. */
export function tradeoffsSection({ plan, rows }: StoredExploration): Markup {
  const shown = tradeoffs(plan, rows).filter(({ points }) => points.size > 1);
  if (shown.length === 0) return html``;
  const labels = new Map(rows.map(({ trial, label }) => [trial, label]));
  return html`<section aria-labelledby="tradeoffs">
    <h2 id="tradeoffs">Trade-offs (search split)</h2>
    <div class="panels">${shown.map((one) => panel(one, rows, labels))}</div>
    <p class="note">
      Filled: on the front, no other trial is at least as good in both and better in one. Point estimates: a
      step of the front may be noise. The cost is what the whole pipeline takes when it is run by itself, lost
      attempts and scoring left out.
    </p>
  </section>`;
}

interface Placed {
  readonly trial: number;
  readonly score: number;
  /** The watched benchmark's score, or GPU time in the axis' unit. */
  readonly other: number;
  readonly isOnFront: boolean;
}

function panel(
  tradeoff: Tradeoff,
  rows: readonly TrialRecord[],
  labels: ReadonlyMap<number, string>,
): Markup {
  const { name, kind, points, front } = tradeoff;
  const isCost = kind === 'cost';
  const unit = unitOf(Math.max(...[...points.values()].map(({ second }) => -second)));
  const placed = [...points].map(([trial, { first, second }]): Placed => ({
    ...{ trial, score: first, other: isCost ? -second / unit.seconds : second },
    isOnFront: front.has(trial),
  }));
  const others = placed.map(({ other }) => other);
  const scores = placed.map(({ score }) => score);
  const x = scaleLinear(spanOf(others), across(FRAME)).nice();
  const y = scaleLinear(spanOf(scores), upwards(FRAME)).nice();
  const title = isCost ? `GPU time of the whole pipeline, ${unit.name}` : `${clipped(name, 40)}, percent`;
  const text = (value: number): string => (isCost ? durationText(value * unit.seconds) : percent(value));
  const onFront = placed.filter((one) => one.isOnFront).sort((a, b) => a.other - b.other);
  const ordered = [...placed.filter((one) => !one.isOnFront), ...onFront];
  return html`<figure>
    <figcaption>Score against ${title}</figcaption>
    <svg
      role="img"
      aria-label="Score in percent against ${title}, with the Pareto front of ${onFront.length} trials"
      viewBox="0 0 ${FRAME.width} ${FRAME.height}"
      width="${FRAME.width}"
    >
      ${rowsOfGrid(FRAME, y, tick)} ${ticksBelow(FRAME, x, isCost ? String : tick, 5)}
      ${nameBelow(FRAME, title)}
      <path class="best" d="${frontPath(onFront, isCost, { x, y })}" />
      ${ordered.map(
        ({ trial, score, other, isOnFront }) =>
          html`<g
            ><title>
              ${trialName(trial)} ${clipped(labels.get(trial) ?? '', 120)}: score ${percent(score)},
              ${text(other)}
            </title>
            <circle
              class="${isOnFront ? 'feasible' : 'infeasible'}"
              cx="${px(x(other))}"
              cy="${px(y(score))}"
              r="${rows.length > 120 && !isOnFront ? 2 : 4}"
          /></g>`,
      )}
      ${named(onFront, x, y)}
    </svg>
  </figure>`;
}

/** The lowest and the highest value, never equal. */
function spanOf(values: readonly number[]): [number, number] {
  const low = values.reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, one) => Math.max(most, one), Number.NEGATIVE_INFINITY);
  return low === high ? [low, low + (Math.abs(low) || 1) * 0.1] : [low, high];
}

function tick(value: number): string {
  return percent(value).replace(/\.0$/, '');
}

/** One unit for all of an axis, so that its ticks are round. */
function unitOf(longest: number): { readonly seconds: number; readonly name: string } {
  if (longest > 7200) return { seconds: 3600, name: 'hours' };
  return longest > 180 ? { seconds: 60, name: 'minutes' } : { seconds: 1, name: 'seconds' };
}

/** What is reached at each cost, or at each score of the other benchmark: nothing was found between two trials. */
function frontPath(
  front: readonly Placed[],
  isCost: boolean,
  { x, y }: { readonly x: (value: number) => number; readonly y: (value: number) => number },
): string {
  const path = line<Placed>(
    ({ other }) => x(other),
    ({ score }) => y(score),
  );
  return path.curve(isCost ? curveStepAfter : curveStepBefore).digits(1)(front) ?? '';
}

/** Names beside the points of the front, best score first, as far as they do not run into each other. */
function named(
  front: readonly Placed[],
  x: (value: number) => number,
  y: (value: number) => number,
): readonly Markup[] {
  const taken: { readonly left: number; readonly top: number }[] = [];
  return [...front].reverse().flatMap(({ trial, score, other }) => {
    const isFar = x(other) > FRAME.width - 56;
    const [left, top] = [x(other) + (isFar ? -44 : 7), y(score) - 7];
    if (taken.some((one) => Math.abs(one.left - left) < 42 && Math.abs(one.top - top) < 13)) return [];
    taken.push({ left, top });
    return [html`<text class="front" x="${px(left)}" y="${px(top)}">${trialName(trial)}</text>`];
  });
}
