import type { Estimate } from '../../domain/result.js';
import type { Split } from '../../domain/plan.js';
import { estimateText, percent } from './format.js';
import { html, type Markup } from './html.js';
import { scrollable } from './scrolled.js';

/** One dot with its interval. */
export interface PlotLine {
  readonly label: string;
  readonly split: Split;
  readonly estimate: Estimate;
  /** Drawn in the accent colour. */
  readonly isStrong: boolean;
}
export interface Plot {
  /** Says what is shown, for people who can't see it. */
  readonly description: string;
  readonly groups: readonly (readonly PlotLine[])[];
  /** A line at 0: the values are differences. */
  readonly hasZero: boolean;
}

const WIDTH = 760;
const LEFT = 190;
const RIGHT = 150;
const LINE = 22;
const GAP = 12;
const AXIS = 24;

/** Dots with their intervals, one line each, in groups: readable without colours, since each split has its shape. */
export function intervalPlot({ description, groups, hasZero }: Plot): Markup {
  const shown = groups.filter((group) => group.length > 0);
  const lines = shown.flatMap((group, index) => group.map((line) => ({ line, index })));
  if (lines.length === 0) return html``;
  const range = rangeOf(
    lines.map(({ line }) => line.estimate),
    hasZero,
  );
  const height = lines.length * LINE + shown.length * GAP + AXIS;
  return html`<div ${scrollable(description)}>
    <svg role="img" aria-label="${description}" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}">
      ${range.ticks.map((tick) => tickLine(range.x(tick), tick, height))}
      ${hasZero ? zeroLine(range.x(0), height) : html``}
      ${lines.map(({ line, index }, row) => dot(line, range.x, GAP + row * LINE + index * GAP + LINE / 2))}
    </svg>
  </div>`;
}

interface Range {
  readonly ticks: readonly number[];
  readonly x: (value: number) => number;
}

/** From a tick below the lowest end to one above the highest; ticks are round numbers of percent. */
function rangeOf(estimates: readonly Estimate[], hasZero: boolean): Range {
  const ends = estimates.flatMap(({ low, high }) => [low, high]);
  const low = Math.min(...ends, ...(hasZero ? [0] : []));
  const high = Math.max(...ends, ...(hasZero ? [0] : []));
  const step = [0.01, 0.02, 0.05, 0.1, 0.2].find((one) => (high - low) / one <= 7) ?? 0.5;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
  const scale = (WIDTH - LEFT - RIGHT) / ((last - first) * step);
  return { ticks, x: (value) => LEFT + (value - first * step) * scale };
}

function tickLine(x: number, value: number, height: number): Markup {
  const at = x.toFixed(1);
  return html`<line class="grid" x1="${at}" x2="${at}" y1="0" y2="${height - AXIS}" /><text
      x="${at}"
      y="${height - 8}"
      text-anchor="middle"
      >${percent(value).replace(/\.0$/, '')}</text
    >`;
}

function zeroLine(x: number, height: number): Markup {
  const at = x.toFixed(1);
  return html`<line class="zero" x1="${at}" x2="${at}" y1="0" y2="${height - AXIS}" />`;
}

function dot(
  { label, split, estimate, isStrong }: PlotLine,
  x: (value: number) => number,
  y: number,
): Markup {
  const [low, high] = [x(estimate.low), x(estimate.high)];
  const text = (y + 4).toFixed(1);
  return html`<g class="${isStrong ? 'strong' : 'plain'}"
    ><title>${label}: ${estimateText(estimate)}</title>
    <text x="${LEFT - 12}" y="${text}" text-anchor="end">${label}</text>
    <line
      class="interval"
      x1="${low.toFixed(1)}"
      x2="${high.toFixed(1)}"
      y1="${y.toFixed(1)}"
      y2="${y.toFixed(1)}"
    />
    ${mark(split, x(estimate.value), y)}
    <text x="${WIDTH - RIGHT + 14}" y="${text}">${estimateText(estimate)}</text></g
  >`;
}

/** A circle for search, a square for confirm, a diamond for test. */
function mark(split: Split, x: number, y: number): Markup {
  const path = (...points: readonly (readonly [number, number])[]): Markup => {
    const at = points.map(([dx, dy]) => `${(x + dx).toFixed(1)} ${(y + dy).toFixed(1)}`);
    return html`<path class="mark" d="M${at.join(' L')} Z" />`;
  };
  switch (split) {
    case 'search':
      return html`<circle class="mark" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4" />`;
    case 'confirm':
      return path([-4, -4], [4, -4], [4, 4], [-4, 4]);
    case 'test':
      return path([0, -5.5], [5.5, 0], [0, 5.5], [-5.5, 0]);
  }
}
