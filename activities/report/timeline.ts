import { scaleUtc } from 'd3-scale';
import { symbol, symbolSquare, symbolTimes, symbolTriangle, type SymbolType } from 'd3-shape';
import { lanesOf, type Lane, type Span } from '../../domain/lanes.js';
import type { AttemptEnd } from '../../domain/outcome.js';
import { isEventful } from '../../domain/recoveries.js';
import { attemptsOf, type AttemptRow } from '../ledger/attempts.js';
import type { StoredExploration } from '../ledger/read.js';
import { across, px, ticksBelow, type Frame } from './axes.js';
import { clipped, durationText } from './format.js';
import { html, type Markup } from './html.js';
import { DRAWN_KINDS } from './kindColours.js';
import { scrolled } from './scrolled.js';

const MOST_LANES = 16;
/** Where there are more attempts, those that nothing happened to are drawn as one shape a kind, without titles. */
const MOST_TITLES = 600;
const LANE = 24;
const BAR = 14;
const NARROWEST = 1.2;

interface Bar extends Span {
  readonly attempt: AttemptRow;
}
type Time = (ms: number) => number;

/** Which worker did what when; where it was taken away, and where somebody took up the work again. */
export function timelineSection(found: StoredExploration): Markup {
  const bars = attemptsOf(found).flatMap(barOf);
  if (bars.length === 0) return html``;
  const lanes = lanesOf(bars, MOST_LANES);
  const workers = lanes.reduce((sum, lane) => sum + lane.workers.length, 0);
  return html`<section aria-labelledby="timeline">
    <h2 id="timeline">Timeline</h2>
    ${legend(bars)} ${scrolled('Timeline of all attempts', picture(bars, lanes))}
    <p class="note">
      ${bars.length} attempts on ${workers} workers, from ${bars[0]?.attempt.startedAt.slice(0, 16) ?? ''} on,
      times in UTC. A bar is one attempt of one stage; the Reliability section lists what the marks stand for.
      ${lanes.length < workers ? 'Workers that were never there at the same time share a lane.' : ''}
      ${bars.length > MOST_TITLES ? 'Attempts that nothing happened to carry no title here; each trial lists its own.' : ''}
    </p>
  </section>`;
}

function barOf(attempt: AttemptRow): readonly Bar[] {
  const [start, end] = [Date.parse(attempt.startedAt), Date.parse(attempt.endedAt)];
  return Number.isFinite(start) && Number.isFinite(end) && start <= end
    ? [{ worker: attempt.worker, start, end, attempt }]
    : [];
}

function picture(bars: readonly Bar[], lanes: readonly Lane<Bar>[]): Markup {
  const frame: Frame = {
    ...{ width: 1040, height: lanes.length * LANE + 34, left: 130, right: 12, top: 4, bottom: 26 },
  };
  const first = bars.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY);
  const last = bars.reduce((most, { end }) => Math.max(most, end), first + 1000);
  const scale = scaleUtc([first, last], across(frame));
  const x: Time = (ms) => scale(ms);
  const hasTitles = bars.length <= MOST_TITLES;
  return html`<svg
    role="img"
    aria-label="Timeline of ${bars.length} attempts in ${lanes.length} lanes"
    viewBox="0 0 ${frame.width} ${frame.height}"
    width="${frame.width}"
  >
    ${ticksBelow(frame, scale, timeTick(last - first), 8)}
    ${lanes.map((lane, index) => laneOf(lane, { y: frame.top + index * LANE, x, frame, hasTitles }))}
  </svg>`;
}

/** The time of day, to the second where the whole is short, or the date where a day begins; UTC. */
function timeTick(spanMs: number): (at: Date) => string {
  return (at) => {
    const text = at.toISOString();
    return text.includes('T00:00:00') ? text.slice(5, 10) : text.slice(11, spanMs < 600_000 ? 19 : 16);
  };
}

interface At {
  readonly y: number;
  readonly x: Time;
  readonly frame: Frame;
  readonly hasTitles: boolean;
}

function laneOf({ workers, spans }: Lane<Bar>, at: At): Markup {
  const [name = '', ...others] = workers;
  const { y, frame, hasTitles, x } = at;
  const hasTitle = ({ attempt }: Bar): boolean => hasTitles || isEventful(attempt);
  const plain = spans.filter((bar) => !hasTitle(bar));
  const kinds = [...new Set(plain.map(({ attempt }) => attempt.stage))];
  return html`<g>
    <text x="${frame.left - 8}" y="${y + 15}" text-anchor="end"
      >${clipped(name, others.length > 0 ? 14 : 19)}${others.length > 0 ? ` +${String(others.length)}` : ''}</text
    >
    <line
      class="grid"
      x1="${frame.left}"
      x2="${frame.width - frame.right}"
      y1="${y + LANE}"
      y2="${y + LANE}"
    />
    ${kinds.map(
      (kind) =>
        html`<path
          class="bar ${kind}"
          d="${plain
            .filter(({ attempt }) => attempt.stage === kind)
            .map((bar) => boxPath(bar, y, x))
            .join('')}"
        />`,
    )}
    ${spans.filter(hasTitle).map((bar) => drawn(bar, y, x))}
  </g>`;
}

function boxPath({ start, end }: Bar, y: number, x: Time): string {
  const width = Math.max(NARROWEST, x(end) - x(start));
  return `M${px(x(start))} ${String(y + 5)}h${px(width)}v${String(BAR)}h-${px(width)}z`;
}

function drawn(bar: Bar, y: number, x: Time): Markup {
  const { attempt, start, end } = bar;
  const width = x(end) - x(start);
  const label = attempt.trial.replace(/^.*?(t\d{4,}).*$/, '$1');
  return html`<g
    ><title>${titleOf(attempt)}</title>
    <path class="bar ${attempt.stage}" d="${boxPath(bar, y, x)}" />
    ${width > 42 ? html`<text class="inside" x="${px(x(start) + width / 2)}" y="${y + 16}" text-anchor="middle">${label}</text>` : html``}
    ${attempt.resumedStep > 0 ? mark('resumed', x(start), y + 12) : html``}
    ${attempt.end === 'completed' ? html`` : mark(attempt.end, x(end), y + 12)}</g
  >`;
}

function titleOf(attempt: AttemptRow): string {
  const { trial, stage, worker, startedAt, endedAt, resumedStep, lastStep, stepsLost, end } = attempt;
  const from = resumedStep > 0 ? `, resumed at step ${String(resumedStep)}` : '';
  const steps = lastStep > 0 ? `, to step ${String(lastStep)}` : '';
  const lost = stepsLost > 0 ? `, ${String(stepsLost)} steps lost` : '';
  return `${clipped(trial, 60)} ${stage}, attempt ${String(attempt.attempt)} on ${clipped(worker, 60)}: ${startedAt} to ${endedAt} (${durationText(attempt.gpuSeconds)})${from}${steps}, ${end}${lost}`;
}

const SYMBOLS: Readonly<
  Record<
    'resumed' | Exclude<AttemptEnd, 'completed'>,
    { readonly type: SymbolType; readonly turn: number; readonly size: number }
  >
> = {
  resumed: { type: symbolTriangle, turn: 90, size: 38 },
  preempted: { type: symbolTriangle, turn: 180, size: 46 },
  lost: { type: symbolTimes, turn: 0, size: 60 },
  failed: { type: symbolSquare, turn: 0, size: 46 },
};

/** The same shapes in the legend and in the charts, so that no colour has to be told apart. */
export function mark(of: keyof typeof SYMBOLS, x: number, y: number): Markup {
  const { type, turn, size } = SYMBOLS[of];
  const path = symbol(type, size).digits(1)() ?? '';
  return html`<path
    class="event ${of}"
    transform="translate(${px(x)} ${px(y)}) rotate(${turn})"
    d="${path}"
  />`;
}

const MEANINGS = {
  resumed: 'resumed from a checkpoint',
  preempted: 'preempted (asked to stop)',
  lost: 'lost (its process vanished)',
  failed: 'failed',
} as const;

/** What the marks mean; they are the same in the timeline and under it. */
function legend(bars: readonly Bar[]): Markup {
  const drawn = new Set(bars.map(({ attempt }) => attempt.stage));
  const kinds = DRAWN_KINDS.filter((kind) => drawn.has(kind));
  return html`<ul class="legend">
    ${kinds.map((kind) => entry(html`<path class="bar ${kind}" d="M1 3h14v10h-14z" />`, kind))}
    ${(['resumed', 'preempted', 'lost', 'failed'] as const).map((one) => entry(mark(one, 8, 8), MEANINGS[one]))}
  </ul>`;
}

function entry(shape: Markup, meaning: string): Markup {
  return html`<li>
    <svg aria-hidden="true" viewBox="0 0 16 16" width="16" height="16">${shape}</svg>
    ${meaning}
  </li>`;
}
