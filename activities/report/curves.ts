import { compareRows } from '../../domain/ranking.js';
import { trialName, type TrialRecord } from '../../domain/trial.js';
import type { TrainingCurve } from '../../domain/trainingCurve.js';
import { curveText, trainedStages, trainingsOf, type Curves, type Training } from '../ledger/curves.js';
import type { StoredExploration } from '../ledger/read.js';
import { curveAgain, curvePicture } from './curvePicture.js';
import { html, type Markup } from './html.js';

/** Shown at once; the others are folded. */
const MOST_OPEN = 12;

/** A training and its curve. */
export interface Drawn {
  readonly training: Training;
  readonly curve: TrainingCurve;
}

/** Every training of the trials that has a curve, once, those of the best trials first. */
export function drawnOf({ rows }: StoredExploration, curves: Curves): readonly Drawn[] {
  const places = new Map([...rows].sort(compareRows).map(({ trial }, place) => [trial, place]));
  const placeOf = ({ trial }: Training): number => places.get(trial) ?? rows.length;
  return trainingsOf(rows)
    .flatMap((training) => {
      const curve = curves.get(training.stage.stageId);
      return curve === undefined ? [] : [{ training, curve }];
    })
    .sort((a, b) => placeOf(a.training) - placeOf(b.training));
}

/** Loss against steps of every training, each once however many trials stand on it. */
export function curvesSection(drawn: readonly Drawn[]): Markup {
  if (drawn.length === 0) return html``;
  const folded = drawn.slice(MOST_OPEN);
  return html`<section aria-labelledby="curves">
    <h2 id="curves">Learning curves</h2>
    ${panels(drawn.slice(0, MOST_OPEN))}
    ${
      folded.length === 0
        ? html``
        : html`<details>
            <summary>${folded.length} more trainings</summary>
            ${panels(folded)}
          </details>`
    }
    <p class="note">
      Training loss against optimiser steps, first → last logged, each picture on its own scale, those of the
      best trials first; ▷: an attempt went on there from a checkpoint. Losses of different data and methods
      do not compare. The points are files under Data and identity.
    </p>
  </section>`;
}

function panels(drawn: readonly Drawn[]): Markup {
  return html`<div class="panels curves">
    ${drawn.map(
      ({ training, curve }) =>
        html`<figure>
          <figcaption>
            <a href="#${trialName(training.trial)}">${training.name}</a>: ${curveText(training, curve)}
          </figcaption>
          ${curvePicture(training, curve)}
        </figure>`,
    )}
  </div>`;
}

/** The curves of the trainings that one trial ran or reused, by what `drawnOf` found. */
export function trialCurves(row: TrialRecord, drawn: ReadonlyMap<string, Drawn>): Markup {
  const own = trainedStages(row).flatMap(({ stageId, reused }) => {
    const one = drawn.get(stageId);
    return one === undefined ? [] : [{ ...one, reused }];
  });
  if (own.length === 0) return html``;
  return html`<div class="panels curves">
    ${own.map(
      ({ training, curve, reused }) =>
        html`<figure>
          <figcaption>${training.name}${reused ? ' (reused)' : ''}: ${curveText(training, curve)}</figcaption>
          ${curveAgain(training)}
        </figure>`,
    )}
  </div>`;
}

/** For `trialCurves`. */
export function drawnByStage(drawn: readonly Drawn[]): ReadonlyMap<string, Drawn> {
  return new Map(drawn.map((one) => [one.training.stage.stageId, one]));
}
