import { scaleLinear } from 'd3-scale';
import { stepCurve, type StepLeg } from '../../domain/stepCurve.js';
import { compareRows } from '../../domain/ranking.js';
import { trialName, type StageCost, type TrialRecord } from '../../domain/trial.js';
import type { Curves } from '../ledger/curves.js';
import type { StoredExploration } from '../ledger/read.js';
import { across, nameBelow, px, rowsOfGrid, ticksBelow, upwards, type Frame } from './axes.js';
import { durationText } from './format.js';
import { html, type Markup } from './html.js';
import { scrolled } from './scrolled.js';
import { mark } from './timeline.js';

/** How many trainings are drawn of each sort: the best trials', and those that were cut short most often. */
const MOST_LOSSES = 20;
const MOST_CURVES = 9;
const LINE = 18;
const CURVE: Frame = { width: 320, height: 190, left: 40, right: 14, top: 10, bottom: 42 };

/** How interrupted trainings came to their end, and what is known of the losses of those without a curve. */
export function trainingSection({ rows }: StoredExploration, curves: Curves): Markup {
  const losses = [...rows]
    .filter(({ stageId }) => !curves.has(stageId))
    .sort(compareRows)
    .flatMap(lossesOf);
  const cutShort = rows
    .flatMap(interrupted)
    .sort((a, b) => b.legs.length - a.legs.length || a.row.trial - b.row.trial);
  if (losses.length === 0 && cutShort.length === 0) return html``;
  return html`<section aria-labelledby="training">
    <h2 id="training">Training</h2>
    ${losses.length === 0 ? html`` : lossPart(losses)} ${cutShort.length === 0 ? html`` : curvePart(cutShort)}
  </section>`;
}

interface Losses {
  readonly row: TrialRecord;
  readonly first: number;
  readonly last: number;
  readonly resumes: number;
}

function lossesOf(row: TrialRecord): readonly Losses[] {
  const { firstLoss: first, loss: last } = row.metrics;
  if (typeof first !== 'number' || typeof last !== 'number') return [];
  const own = row.stages.find(({ stageId }) => stageId === row.stageId);
  const resumes = (own?.attempts ?? []).filter(({ resumedStep }) => resumedStep > 0).length;
  return [{ row, first, last, resumes }];
}

function lossPart(all: readonly Losses[]): Markup {
  const shown = all.slice(0, MOST_LOSSES);
  const frame: Frame = {
    width: 760,
    height: shown.length * LINE + 46,
    left: 120,
    right: 90,
    top: 4,
    bottom: 40,
  };
  const most = shown.reduce((high, { first, last }) => Math.max(high, first, last), 0);
  const x = scaleLinear([0, most || 1], across(frame)).nice();
  return html`<h3>Loss of the last stage, from its first to its last steps</h3>
    ${scrolled(
      'Chart of training losses',
      html`<svg
        role="img"
        aria-label="First and last training loss of ${shown.length} trials, best trial first"
        viewBox="0 0 ${frame.width} ${frame.height}"
        width="${frame.width}"
      >
        ${ticksBelow(frame, x, String)} ${nameBelow(frame, 'training loss')}
        ${shown.map((one, index) => lossLine(one, x, frame, frame.top + index * LINE + LINE / 2))}
      </svg>`,
    )}
    <p class="note">
      Hollow: the first logged loss; filled: the mean of the last ten logged; ▷: how often it was resumed.
      These were trained before curves were recorded. Losses of different stages and data do not compare.
      ${all.length > shown.length ? `Shown: the ${String(shown.length)} best trials of ${String(all.length)} with losses.` : ''}
    </p>`;
}

function lossLine(
  { row, first, last, resumes }: Losses,
  x: (loss: number) => number,
  frame: Frame,
  y: number,
): Markup {
  const name = `${trialName(row.trial)} ${row.action?.kind ?? ''}`;
  const text = `${first.toFixed(3)} → ${last.toFixed(3)}`;
  return html`<g
    ><title>${name}: ${text}, resumed ${resumes === 1 ? 'once' : `${String(resumes)} times`}</title>
    <text x="${frame.left - 10}" y="${px(y + 4)}" text-anchor="end">${name}</text>
    <line class="interval" x1="${px(x(first))}" x2="${px(x(last))}" y1="${px(y)}" y2="${px(y)}" />
    <circle class="infeasible" cx="${px(x(first))}" cy="${px(y)}" r="3.5" />
    <circle class="feasible" cx="${px(x(last))}" cy="${px(y)}" r="3.5" />
    <text x="${frame.width - frame.right + 10}" y="${px(y + 4)}"
      >${last.toFixed(3)}${resumes > 0 ? ` ▷${String(resumes)}` : ''}</text
    ></g
  >`;
}

interface Curve {
  readonly row: TrialRecord;
  readonly stage: StageCost;
  readonly legs: readonly StepLeg[];
}

/** The trainings of a trial that took more than one attempt. */
function interrupted(row: TrialRecord): readonly Curve[] {
  return row.stages
    .filter(
      ({ reused, attempts }) =>
        !reused && attempts.length > 1 && attempts.some(({ lastStep }) => lastStep > 0),
    )
    .map((stage) => ({ row, stage, legs: stepCurve(stage.attempts) }));
}

function curvePart(all: readonly Curve[]): Markup {
  const shown = all.slice(0, MOST_CURVES);
  return html`<h3>Trainings that were cut short and went on</h3>
    <div class="panels small">${shown.map(curvePanel)}</div>
    <p class="note">
      Optimiser steps against working time, waiting left out; between the ends of an attempt the line is drawn
      straight. A step down is work that was lost.
      ${all.length > shown.length ? `Shown: the ${String(shown.length)} with most attempts of ${String(all.length)}.` : ''}
    </p>`;
}

function curvePanel({ row, stage, legs }: Curve): Markup {
  const ends = legs.map(({ to }) => to);
  const longest = Math.max(...ends.map(({ seconds }) => seconds));
  const x = scaleLinear([0, longest || 1], across(CURVE));
  const y = scaleLinear([0, Math.max(...ends.map(({ step }) => step)) || 1], upwards(CURVE)).nice();
  const name = `${trialName(row.trial)} ${stage.kind}`;
  return html`<figure>
    <figcaption>${name}: ${legs.length} attempts, ${durationText(stage.lostGpuSeconds)} lost</figcaption>
    <svg
      role="img"
      aria-label="Steps of ${name} against working time, ${legs.length} attempts"
      viewBox="0 0 ${CURVE.width} ${CURVE.height}"
      width="${CURVE.width}"
    >
      ${rowsOfGrid(CURVE, y, String, 4)}
      ${ticksBelow(CURVE, x, (seconds) => durationText(seconds).replace(/\.0 s$/, ' s'), 4)}
      ${nameBelow(CURVE, 'working time')} ${legs.map((leg, index) => legOf(leg, legs[index - 1], x, y))}
    </svg>
  </figure>`;
}

function legOf(
  { attempt, from, to }: StepLeg,
  before: StepLeg | undefined,
  x: (seconds: number) => number,
  y: (step: number) => number,
): Markup {
  const [x1, y1, x2, y2] = [px(x(from.seconds)), px(y(from.step)), px(x(to.seconds)), px(y(to.step))];
  const drop =
    before === undefined
      ? html``
      : html`<line class="zero" x1="${x1}" x2="${x1}" y1="${px(y(before.to.step))}" y2="${y1}" />`;
  return html`<g
    ><title>
      attempt ${attempt.attempt}: step ${from.step} to ${to.step}, ${attempt.end}, ${attempt.stepsLost} steps
      lost
    </title>
    ${drop}
    <line class="best" x1="${x1}" x2="${x2}" y1="${y1}" y2="${y2}" />
    ${attempt.resumedStep > 0 ? mark('resumed', x(from.seconds), y(from.step)) : html``}
    ${attempt.end === 'completed' ? html`` : mark(attempt.end, x(to.seconds), y(to.step))}</g
  >`;
}
