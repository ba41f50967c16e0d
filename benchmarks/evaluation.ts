/**
 * Items a second of the GPU worker's evaluation against lm-eval's HFLM, on the quickstart's model and items.
 *
 *     npm run bench:eval [-- --rounds 3]
 *
 * Both are measured by python-gpu/scripts/compare_lm_eval.py in one process, alternating; predictions must be equal.
 * Takes about nine minutes.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from '../test/kill/item.js';
import { readEnvironment } from '../workers/env.js';
import { goalTable, type Goal } from './goals.js';
import { writeSection } from './page.js';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });
const GOAL = 2.5;
const root = join(import.meta.dirname, '..');

interface Round {
  readonly case: number;
  readonly by: 'ours' | 'lmEval';
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of lm-eval: in the methods of HFLM; of ours: all of them. */
  readonly modelCpuSeconds: number;
  /** Run through the model, padding included. */
  readonly tokens: number;
}
interface Case {
  readonly kind: keyof typeof NAMES;
  readonly split: 'search' | 'test';
  /** Questions with answers that stand before each question. */
  readonly examples: number;
  readonly items: number;
  readonly parameters: number;
  readonly theirBatch: number;
  /** Predictions that were not equal, over all rounds. */
  readonly different: number;
}
interface Comparison {
  readonly rounds: readonly Round[];
  readonly cases: readonly Case[];
  /** In a batch of ours of short prompts, at most. */
  readonly rows: number;
}
const NAMES = { generation: 'generation, greedy', multipleChoice: 'log-likelihood of 4 choices' } as const;

const found = compared();
const text = textOf(found);
console.log(text);
if (found.cases.some(({ different }) => different > 0))
  throw new Error(`predictions: expected equal ones, got ${JSON.stringify(found.cases)}.`);
writeSection({
  id: 'evaluation',
  title: 'Evaluation against lm-eval',
  command: `npm run bench:eval -- --rounds ${values.rounds}`,
  text,
});

function compared(): Comparison {
  const script = join(root, 'python-gpu/scripts/compare_lm_eval.py');
  const args = [script, join(root, 'examples/quickstart'), '--rounds', values.rounds];
  const { status, stdout } = spawnSync(join(readEnvironment().venv, 'bin', 'python'), args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0)
    throw new Error(
      `compare_lm_eval.py: expected exit code 0, got ${String(status)}. Its last lines say why.`,
    );
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Comparison;
}

function textOf({ rounds, cases, rows: ourRows }: Comparison): string {
  const rows = cases.map((of, at) => {
    const here = rounds.filter((one) => one.case === at);
    const ours = here.filter(({ by }) => by === 'ours');
    const theirs = here.filter(({ by }) => by === 'lmEval');
    const speed = (side: readonly Round[]): string =>
      (of.items / (median(side.map(({ seconds }) => seconds)) ?? Number.NaN)).toFixed(0);
    const byClock = ratios(ours, theirs, 'seconds');
    const tokens = (median(ratios(ours, theirs, 'tokens')) ?? Number.NaN).toFixed(2);
    const before = of.examples > 0 ? ` after ${String(of.examples)} examples` : '';
    const name = `${NAMES[of.kind]}${before}, ${(of.parameters / 1e6).toFixed(1)}M, ${of.split}`;
    const line = [
      name,
      String(of.items),
      speed(ours),
      speed(theirs),
      shownRatio(byClock),
      shownRatio(ratios(ours, theirs, 'cpuSeconds')),
      shownRatio(ratios(ours, theirs, 'modelCpuSeconds')),
      tokens,
      String(of.theirBatch),
    ];
    const goal: Goal = {
      ...{ what: name, value: median(byClock) ?? Number.NaN, bound: { atLeast: GOAL } },
      text: (ratio) => ratio.toFixed(2),
      cause: `Rounds gave ${shownRatio(byClock)}; by processor time ${shownRatio(ratios(ours, theirs, 'cpuSeconds'))}; lm-eval ran ${tokens} times the tokens.`,
    };
    return { line: `| ${line.join(' | ')} |`, goal };
  });
  return [
    `The quickstart's model and benchmarks, and the same model widened by zeros, whose answers are the same; float32, one thread. ` +
      'The choices are the right answer and three other items’. Timed from the files to the scores, with the models loaded and both sides warm. ' +
      'The search splits are what each trial of a search is scored on. ' +
      `Ours generates at most ${String(ourRows)} answers at once, lm-eval as many as were its fastest. All predictions are equal.`,
    [
      '| task, parameters, split | items | ours, items a second | lm-eval 0.4.13 | ratio: median (least, most) | by CPU time | HFLM’s own methods alone, by CPU time | tokens run, its to ours | its batch |',
      '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
      ...rows.map(({ line }) => line),
    ].join('\n'),
    'Items a second, ours to lm-eval’s, the machine being otherwise quiet:',
    goalTable(rows.map(({ goal }) => goal)),
    'The column of HFLM alone compares all that ours does, reading and scoring too, with what lm-eval spends in its model’s ' +
      'methods. Where arithmetic decides, as in the larger model, the ratio is that of the tokens that are run, times what AVX-512 brings where ' +
      'the processor has it: ours runs a question once for its choices, what questions or choices begin alike with once, no row that has ended, and no padding before the answers.',
  ].join('\n\n');
}

/** lm-eval's by ours, round by round. */
function ratios(
  ours: readonly Round[],
  theirs: readonly Round[],
  measure: 'seconds' | 'cpuSeconds' | 'modelCpuSeconds' | 'tokens',
): readonly number[] {
  return theirs.map((one, round) => one[measure] / (ours[round]?.[measure] ?? Number.NaN));
}

function shownRatio(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${(median(values) ?? Number.NaN).toFixed(2)} (${least.toFixed(2)}, ${most.toFixed(2)})`;
}
