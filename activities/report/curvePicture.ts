import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { lossEnds, thinned, type TrainingCurve } from '../../domain/trainingCurve.js';
import { resumedSteps, type Training } from '../ledger/curves.js';
import { html, type Markup } from './html.js';

const WIDTH = 240;
const HEIGHT = 64;
/** Room for marks at the edges. */
const EDGE = 5;
/** As many as a line of this width shows. */
const MOST_DRAWN = 48;
/** A loss above this many times the first one (a training that diverges) is drawn at the upper edge. */
const HIGHEST = 5;
const VIEW = `viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}"`;

/** The loss against the steps, with a mark where an attempt went on from a checkpoint. */
export function curvePicture(training: Training, curve: TrainingCurve): Markup {
  const { step, loss } = thinned(curve, MOST_DRAWN);
  const x = scaleLinear(
    [step[0] ?? 0, Math.max(step.at(-1) ?? 1, (step[0] ?? 0) + 1)],
    [EDGE, WIDTH - EDGE],
  ).clamp(true);
  const y = scaleLinear(rangeOf(curve), [HEIGHT - EDGE, EDGE]).clamp(true);
  const path = line<number>()
    .defined((place) => (loss[place] ?? null) !== null)
    .x((place) => x(step[place] ?? 0))
    .y((place) => y(loss[place] ?? 0))
    .digits(0)([...step.keys()]);
  const marks = resumedSteps(training).map((at) => resumeMark(x(at), y(lossAt(curve, at))));
  return html`<svg role="img" aria-label="Training loss of ${training.name}" ${{ markup: VIEW }}>
    <g id="${idOf(training)}">
      <path class="best" d="${path ?? ''}" />
      ${marks}
    </g>
  </svg>`;
}

/** The same picture once more, elsewhere on the page. */
export function curveAgain(training: Training): Markup {
  return html`<svg
    role="img"
    aria-label="Training loss of ${training.name}"
    ${{ markup: VIEW }}
    width="${WIDTH}"
  >
    <use href="#${idOf(training)}" />
  </svg>`;
}

function idOf({ stage }: Training): string {
  return `curve-${stage.stageId.slice(0, 12)}`;
}

function rangeOf(curve: TrainingCurve): readonly [number, number] {
  const first = lossEnds(curve)?.[0] ?? 1;
  const finite = curve.loss
    .filter((one) => one !== null)
    .filter((one) => first <= 0 || one <= HIGHEST * first);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  if (finite.length === 0) return [0, 1];
  return low === high ? [low - 1, high + 1] : [low, high];
}

/** At the last point up to the step. */
function lossAt({ step, loss }: TrainingCurve, at: number): number {
  return loss[step.findLastIndex((one) => one <= at)] ?? loss[0] ?? 0;
}

function resumeMark(x: number, y: number): Markup {
  return html`<path class="event resumed" d="M${(x - 4).toFixed(0)} ${(y - 4).toFixed(0)}l8 4l-8 4z" />`;
}
