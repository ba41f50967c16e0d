import { nameOf, ORDER_WORDS, substitutionText, trainingText } from '../activities/report/scale.js';
import type { Estimate } from '../domain/result.js';
import type { ScaleOutcome, ScalePlan, ScaleResult } from '../domain/scale.js';
import { signed } from './summary.js';
import { table } from './table.js';

/** A finished study: each pipeline next to its twin, then what became of the order. */
export function scaleLines(result: ScaleResult): readonly string[] {
  const { plan, pipelines, orders, spend, level } = result;
  const percent = `${String(100 * level)} %`;
  return [
    `${plan.exploration}: ${substitutionText(plan)}; confirm split, item-paired, ${percent} intervals`,
    '',
    ...table(
      ['pipeline', 'original', 'scaled', 'change', 'gain over base', 'scaled gain', 'constraints'],
      pipelines.map(outcomeCells),
    ),
    '',
    ...plan.pipelines.filter(({ trial }) => trial !== 0).flatMap((one) => sizeLines(one)),
    '',
    ...table(
      ['order of', 'gap, original', 'gap, scaled', 'order'],
      orders.map(({ trials, original, scaled, verdict }) => [
        trials.map(nameOf).join(' and '),
        gapText(original),
        gapText(scaled),
        ORDER_WORDS[verdict],
      ]),
    ),
    '',
    `An order is kept or reversed only where neither gap's interval holds 0; ${String(orders.length)} orders were looked at, each by itself.`,
    'The champion was chosen on the confirm split, so its original score may be a little inflated.',
    `spent: ${spend.gpuSeconds.toFixed(1)} GPU-seconds (${spend.lostGpuSeconds.toFixed(1)} lost); ${spend.savedGpuSeconds.toFixed(1)} saved by reuse`,
  ];
}

function outcomeCells(one: ScaleOutcome): readonly string[] {
  return [
    nameOf(one.trial),
    one.original?.score.toFixed(4) ?? one.status.original,
    one.scaled?.score.toFixed(4) ?? one.status.scaled,
    gapText(one.change),
    gapText(one.gain.original),
    gapText(one.gain.scaled),
    one.scaled === null ? '-' : one.scaled.feasible ? 'met' : 'not met',
  ];
}

/** What was really trained on: with all rows used before, a larger fraction means more passes. */
function sizeLines({ trial, label, training }: ScalePlan['pipelines'][number]): readonly string[] {
  return [`${nameOf(trial)}  ${label}`, `       ${trainingText(training)}`];
}

function gapText(gap: Estimate | null): string {
  return gap === null ? '-' : `${signed(gap.value)} (${signed(gap.low)} to ${signed(gap.high)})`;
}
