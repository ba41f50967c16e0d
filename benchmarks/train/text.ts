/** The section of `npm run bench:train`: tables of ratios, and whether the goals were reached. */
import { median } from '../../test/kill/item.js';
import { goalTable, type Goal } from '../goals.js';

/** A line of `benchmarks/train.py`. The first one names the cases; of the others each is a run, or how it failed. */
export interface Told {
  readonly case?: string;
  readonly model?: string;
  readonly round?: number;
  readonly by?: 'ours' | 'trl';
  /** Of each counted step. */
  readonly seconds?: readonly number[];
  readonly processorSeconds?: readonly number[];
  readonly prepareSeconds?: number;
  readonly error?: string;
}

/** At most this many times TRL's step; and TRL's default DPO takes at least so many times ours. */
export const GOALS = { step: 1.05, cachedReference: 1.3 } as const;
const DEFAULT = "dpo, TRL's default";
/** What stands on the other side where TRL has no trainer of the same kind, or has several. */
const AGAINST: Readonly<Record<string, string>> = {
  dpo: 'DPOTrainer, reference precomputed',
  [DEFAULT]: 'DPOTrainer, reference in each step',
  kto: 'KTOTrainer, reference precomputed',
  distil: 'GKDTrainer on given answers',
  rft: 'SFTTrainer on the sampled answers',
  onPolicyDpo: 'DPOTrainer on the sampled pairs, reference precomputed',
  grpo: 'GRPOTrainer, generation included',
};

interface Compared {
  readonly name: string;
  readonly model: string;
  /** Milliseconds of a step, medians over all runs. */
  readonly ours: number;
  readonly theirs: number;
  /** Ours by TRL's, round by round. */
  readonly ratios: readonly number[];
}

/** Markdown; `device` decides by which clock ratios are taken: on CPUs by the processor's, which other work disturbs little. */
export function textOf(
  told: readonly Told[],
  { rounds, steps, device }: { readonly rounds: string; readonly steps: string; readonly device: string },
): string {
  const clock = device === 'cpu' ? 'processorSeconds' : 'seconds';
  const runs = told.filter(({ by }) => by !== undefined);
  const names = [...new Set(runs.map((one) => `${one.model ?? ''}|${one.case ?? ''}`))];
  const compared = names.flatMap((name) => comparison(name, runs, clock));
  const failed = told.filter(({ error }) => error !== undefined);
  return [
    `Both sides train the same model on the same rows in the same batches, ${device === 'cpu' ? 'float32, one thread' : 'bfloat16'}; ${steps} steps a run after two of warm-up, ${rounds} runs a side in turn. Ours as in the product: progress at every step, deterministic kernels where there are any, checkpoints by the clock. TRL as its documentation has it.`,
    [
      `| training | against TRL's | model | ours, ms a step | TRL's | ratio${device === 'cpu' ? ' by CPU time' : ''}: median (least, most) |`,
      '| --- | --- | --- | --- | --- | --- |',
      ...compared.map(line),
    ].join('\n'),
    ...failed.map((one) => `Failed: ${one.case ?? ''} on ${one.model ?? ''}: ${one.error ?? ''}`),
    goalTable(goals(compared)),
  ].join('\n\n');
}

function comparison(name: string, runs: readonly Told[], clock: 'seconds' | 'processorSeconds'): Compared[] {
  const [model = '', of = ''] = name.split('|');
  const here = runs.filter((one) => one.case === of && one.model === model);
  const middle = (by: string, round?: number): number =>
    median(
      here
        .filter((one) => one.by === by && (round === undefined || one.round === round))
        .flatMap((one) => one[clock] ?? []),
    ) ?? Number.NaN;
  const both = [...new Set(here.map(({ round }) => round))].map(
    (round) => middle('ours', round) / middle('trl', round),
  );
  const ratios = both.filter(Number.isFinite);
  if (ratios.length === 0) return [];
  return [{ name: of, model, ours: 1000 * middle('ours'), theirs: 1000 * middle('trl'), ratios }];
}

function line({ name, model, ours, theirs, ratios }: Compared): string {
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  const spread = `${middleOf(ratios).toFixed(2)} (${least.toFixed(2)}, ${most.toFixed(2)})`;
  const against = AGAINST[name] ?? `${name.split(' ')[0]?.toUpperCase() ?? ''}Trainer`;
  return `| ${name === DEFAULT ? 'dpo, reference kept' : name} | ${against} | ${model} | ${ours.toFixed(1)} | ${theirs.toFixed(1)} | ${spread} |`;
}

function goals(compared: readonly Compared[]): readonly Goal[] {
  return compared.map(({ name, model, ratios }) => {
    const ratio = middleOf(ratios);
    const spread = `Rounds gave ${ratios.map((one) => one.toFixed(2)).join(', ')}.`;
    const [what, value, bound] =
      name === DEFAULT
        ? ([
            'dpo with a kept reference, speed to TRL’s default',
            1 / ratio,
            { atLeast: GOALS.cachedReference },
          ] as const)
        : ([`${name}, step to TRL’s`, ratio, { atMost: GOALS.step }] as const);
    return { what: `${what}, ${model}`, value, bound, text: (one) => one.toFixed(2), cause: spread };
  });
}

function middleOf(ratios: readonly number[]): number {
  return median(ratios) ?? Number.NaN;
}
