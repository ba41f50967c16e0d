import type { Exposure } from '../../domain/exposure.js';
import {
  type OrderRow,
  type OrderVerdict,
  type ScaleOutcome,
  type ScalePlan,
  type ScaleResult,
} from '../../domain/scale.js';
import { shortId } from '../../domain/stage.js';
import { trialName } from '../../domain/trial.js';
import type { StoredExploration } from '../ledger/read.js';
import { durationText, estimateText, percent, scoreText } from './format.js';
import { html, type Markup } from './html.js';
import { scrollable } from './scrolled.js';

export const ORDER_WORDS: Readonly<Record<OrderVerdict, string>> = {
  kept: 'kept',
  reversed: 'reversed',
  notDistinguishable: 'not distinguishable',
};

/** One section a finished scale study. */
export function scaleSections({ scales }: StoredExploration): readonly Markup[] {
  return scales.flatMap(({ result }) => (result === null ? [] : [scaleSection(result)]));
}

function scaleSection(result: ScaleResult): Markup {
  const id = `scale-${result.plan.label}`;
  const { gpuSeconds, lostGpuSeconds, savedGpuSeconds } = result.spend;
  return html`<section aria-labelledby="${id}">
    <h2 id="${id}">Scale: ${substitutionText(result.plan)}</h2>
    <p>
      The best found pipelines run again, and scored like their originals on the confirm split, item-paired.
      The champion was chosen on this split, so its own original score may be a little inflated. Cost:
      ${durationText(gpuSeconds)} (${durationText(lostGpuSeconds)} lost, ${durationText(savedGpuSeconds)}
      saved by reuse).
    </p>
    <div ${scrollable('Scaled pipelines')}>
      <table>
        <thead>
          <tr>
            ${['pipeline', 'training', 'original', 'scaled', 'change [95 %]', 'gain over its base, original', 'scaled', 'constraints, scaled'].map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${result.pipelines.map((one) => outcomeRow(result.plan, one))}
        </tbody>
      </table>
    </div>
    <div ${scrollable('Orders of pipelines')}>
      <table>
        <caption>
          Is the order of two pipelines kept?
        </caption>
        <thead>
          <tr>
            ${['pipelines', 'gap, original', 'gap, scaled', 'order'].map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${result.orders.map(orderRow)}
        </tbody>
      </table>
    </div>
    <p class="note">
      An order is called kept or reversed only where neither gap's ${percentOf(result.level)} interval holds
      0; each interval stands by itself, none is widened for the number of pairs.
    </p>
  </section>`;
}

function outcomeRow(plan: ScalePlan, one: ScaleOutcome): Markup {
  const pipeline = plan.pipelines.find(({ trial }) => trial === one.trial);
  const { original, scaled, status } = one;
  return html`<tr>
    <th scope="row">${nameOf(one.trial)} <small>${one.label}</small></th>
    <td>${pipeline === undefined ? '' : trainingText(pipeline.training)}</td>
    <td>${original === null ? status.original : scoreText(original.score, original.standardError)}</td>
    <td>${scaled === null ? status.scaled : scoreText(scaled.score, scaled.standardError)}</td>
    <td>${one.change === null ? '–' : estimateText(one.change)}</td>
    <td>${one.gain.original === null ? '–' : estimateText(one.gain.original)}</td>
    <td>${one.gain.scaled === null ? '–' : estimateText(one.gain.scaled)}</td>
    <td>${scaled === null ? '–' : scaled.feasible ? 'met' : 'not met'}</td>
  </tr>`;
}

function orderRow({ trials, original, scaled, verdict }: OrderRow): Markup {
  return html`<tr>
    <th scope="row">${trials.map(nameOf).join(' and ')}</th>
    <td>${estimateText(original)}</td>
    <td>${estimateText(scaled)}</td>
    <td>${ORDER_WORDS[verdict]}</td>
  </tr>`;
}

export function nameOf(trial: number): string {
  return trial === 0 ? 'base' : trialName(trial);
}

/** `training × 2`, `base model 1a2b3c4d`. */
export function substitutionText({ factor, base }: Pick<ScalePlan, 'factor' | 'base'>): string {
  return [
    ...(factor === 1 ? [] : [`training × ${String(factor)}`]),
    ...(base === null ? [] : [`base model ${shortId(base.stageId)}`]),
  ].join(', ');
}

/**
 * `60 → 120 steps; rows seen 960 → 1200 of 1200; passes 0.80 → 1.60`: more of the data where there is more, and then
 * only more passes. Over all trainings of the pipeline; passes of the one with the most.
 */
export function trainingText({
  original,
  scaled,
}: {
  readonly original: readonly Exposure[];
  readonly scaled: readonly Exposure[];
}): string {
  if (original.length === 0) return 'no training';
  const sum = (list: readonly Exposure[], of: 'steps' | 'seen' | 'available'): string =>
    String(list.reduce((total, one) => total + one[of], 0));
  const passes = (list: readonly Exposure[]): string => Math.max(...list.map((one) => one.passes)).toFixed(2);
  const both = (before: string, after: string): string =>
    before === after ? before : `${before} → ${after}`;
  const trainings = original.length === 1 ? '' : `${String(original.length)} trainings, `;
  return (
    `${trainings}${both(sum(original, 'steps'), sum(scaled, 'steps'))} steps; ` +
    `rows seen ${both(sum(original, 'seen'), sum(scaled, 'seen'))} of ${sum(original, 'available')}; ` +
    `passes ${both(passes(original), passes(scaled))}`
  );
}

function percentOf(level: number): string {
  return `${percent(level)} %`;
}
