import { bootstrapMean, pairedDifference } from '../../domain/statistics.js';
import type { Estimate } from '../../domain/result.js';
import { EPOCHS, STEP_SECONDS, WRITE_SECONDS, type Arm } from './arms.js';
import { perHour, RATES, type Rate } from './rates.js';
import type { Simulated, Workload } from './simulate.js';
import type { Waits } from './waits.js';

/** All repetitions of one arm in one weather; `runs[i]` of every arm has the same work to do. */
export interface Cell {
  readonly arm: Arm;
  readonly rate: Rate;
  readonly noticed: number;
  readonly trainings: string;
  readonly runs: readonly Simulated[];
}

export interface Scene {
  readonly cells: readonly Cell[];
  readonly workload: Pick<Workload, 'days' | 'workers'>;
  readonly evaluation: readonly [number, number];
  readonly waits: Waits;
  readonly loadSeconds: number;
}

export function textOf(scene: Scene): string {
  const { cells } = scene;
  return [introduction(scene), ratesTable(), cellTable(cells)].join('\n\n');
}

function introduction({ cells, workload, evaluation, waits, loadSeconds }: Scene): string {
  const [least, most] = evaluation.map((seconds) => String(seconds / 60));
  const strikes = `${String(waits.SIGKILL.length)} and ${String(waits.SIGTERM.length)}`;
  return (
    `Simulated: ${String(workload.days)} days on ${String(workload.workers)} spot GPUs, with the product's own state of an exploration, ` +
    `${String(cells[0]?.runs.length)} repetitions; every arm has the same trainings and evaluations (${least ?? ''} to ${most ?? ''} minutes) to do. ` +
    'Preemptions are a Poisson process; a replacement is there at once, since hours without an instance are not paid. ' +
    'From the loss of a worker to the next step: drawn from the waits that bench:recovery measured without and with notice ' +
    `(${strikes} of them), and ${String(loadSeconds)} s more to load a model, for every arm. A step takes ${String(STEP_SECONDS)} s, ` +
    `writing a checkpoint ${String(WRITE_SECONDS)} s; ${String(EPOCHS)} epochs a training. On notice LaMDAgent writes a checkpoint; the other arms do not. ` +
    'Work done again, waiting (for detection, restart and loading) and writing of checkpoints are shares of the time in which a worker had a trial; trials are those completed in the days. Means with 95 % bootstrap intervals.'
  );
}

function ratesTable(): string {
  const lines = RATES.map((rate) => {
    const { name, file, preemptions, instanceHours } = rate;
    return `| ${name} | ${perHour(rate).toFixed(2)} | ${String(preemptions)} in ${String(instanceHours)} | ${file} |`;
  });
  return [
    'Preemption rates, counted from traces of single zones (p3.2xlarge, one V100, AWS; Wu et al., NSDI 2024, github.com/skypilot-org/spot-traces):',
    [
      '| weather | preemptions of a GPU in an hour | counted, in hours of instances | trace |',
      '| --- | --- | --- | --- |',
      ...lines,
    ].join('\n'),
  ].join('\n\n');
}

function cellTable(cells: readonly Cell[]): string {
  const head = [
    'trainings',
    'weather',
    'how',
    'trials',
    'more than the first line',
    'work done again',
    'waiting',
    'writing',
  ];
  const lines = cells.map((cell) => {
    // The first line of a weather is LaMDAgent's at its default interval.
    const [first = cell] = cells.filter(
      ({ trainings, rate }) => trainings === cell.trainings && rate === cell.rate,
    );
    const of = (figure: keyof Simulated): readonly number[] => cell.runs.map((run) => run[figure]);
    const firstTrials = first.runs.map(({ trials }) => trials);
    return [
      ...[cell.trainings, cell.rate.name, howOf(cell), mean(of('trials'))],
      cell === first ? '–' : difference(of('trials'), firstTrials),
      ...[share(of('redoneShare')), share(of('waitedShare')), share(of('writtenShare'))],
    ];
  });
  return [head, head.map(() => '---'), ...lines].map((cellsOf) => `| ${cellsOf.join(' | ')} |`).join('\n');
}

function howOf({ arm, noticed }: Cell): string {
  return arm.heedsNotice ? `${arm.name}, ${noticed === 1 ? 'with' : 'without'} notice` : arm.name;
}

function mean(items: readonly number[]): string {
  return estimateText(bootstrapMean([{ share: 1, items }], 'preemption'), (value) => value.toFixed(0));
}

function share(items: readonly number[]): string {
  return estimateText(bootstrapMean([{ share: 1, items }], 'preemption'), percent);
}

/** Paired by repetition. */
function difference(items: readonly number[], reference: readonly number[]): string {
  const pairs = items.map((item, index) => [item, reference[index] ?? Number.NaN] as const);
  return estimateText(pairedDifference([{ share: 1, pairs }], 'preemption'), (value) => value.toFixed(0));
}

function estimateText({ value, low, high }: Estimate, text: (value: number) => string): string {
  return `${text(value)} (${text(low)} … ${text(high)})`;
}

function percent(value: number): string {
  return `${(100 * Math.max(0, value)).toFixed(2)} %`;
}
