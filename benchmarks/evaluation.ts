/**
 * Items a second of the GPU worker's evaluation against lm-eval's HFLM, on the quickstart's model and items.
 *
 *     npm run bench:eval [-- --rounds 3]
 *
 * Both are measured by python-gpu/scripts/compare_lm_eval.py in one process, alternating; predictions must be equal.
 * Needs lm-eval: .venv/bin/pip install --no-deps -r python-gpu/requirements-lm-eval.txt
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from '../test/kill/item.js';
import { readEnvironment } from '../workers/env.js';
import { writeSection } from './page.js';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });
const GOAL = 2.5;
const root = join(import.meta.dirname, '..');

interface Round {
  readonly case: number;
  readonly by: 'ours' | 'lmEval';
  readonly seconds: number;
  readonly cpuSeconds: number;
}
interface Case {
  readonly kind: keyof typeof NAMES;
  readonly split: 'search' | 'test';
  readonly items: number;
  /** Predictions that were not equal, over all rounds. */
  readonly different: number;
}
interface Comparison {
  readonly rounds: readonly Round[];
  readonly cases: readonly Case[];
  readonly batch: number;
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
      `compare_lm_eval.py: expected exit code 0, got ${String(status)}. Is lm-eval there? The head of this file has the command.`,
    );
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Comparison;
}

function textOf({ rounds, cases, batch }: Comparison): string {
  const rows = cases.map((of, at) => {
    const here = rounds.filter((one) => one.case === at);
    const ours = here.filter(({ by }) => by === 'ours');
    const theirs = here.filter(({ by }) => by === 'lmEval');
    const speed = (side: readonly Round[]): string =>
      (of.items / (median(side.map(({ cpuSeconds }) => cpuSeconds)) ?? Number.NaN)).toFixed(0);
    const byCpu = ratios(ours, theirs, 'cpuSeconds');
    const line = [
      `${NAMES[of.kind]}, ${of.split} splits`,
      String(of.items),
      speed(ours),
      speed(theirs),
      shownRatio(byCpu),
      shownRatio(ratios(ours, theirs, 'seconds')),
    ];
    const met = (median(byCpu) ?? 0) >= GOAL ? 'reached' : '**missed**';
    return { line: `| ${line.join(' | ')} |`, verdict: `${line[0] ?? ''}: ${met}` };
  });
  return [
    `The quickstart's model (0.8 M parameters) and benchmarks, float32, one thread, batches of ${String(batch)} on both sides; ` +
      'the choices are the right answer and three other items’. Timed from the files to the scores, with the models loaded. ' +
      'The search splits are what each trial of a search is scored on. All predictions are equal.',
    [
      '| task | items | ours, items per CPU second | lm-eval 0.4.13 | ratio by CPU time: median (least, most) | by the clock |',
      '| --- | --- | --- | --- | --- | --- |',
      ...rows.map(({ line }) => line),
    ].join('\n'),
    `Goal: at least ${String(GOAL)} times as fast, by CPU time, in which other work on the machine counts little. ` +
      `${rows.map(({ verdict }) => verdict).join('; ')}.`,
  ].join('\n\n');
}

/** lm-eval's time by ours, round by round. */
function ratios(
  ours: readonly Round[],
  theirs: readonly Round[],
  clock: 'seconds' | 'cpuSeconds',
): readonly number[] {
  return theirs.map((one, round) => one[clock] / (ours[round]?.[clock] ?? Number.NaN));
}

function shownRatio(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${(median(values) ?? Number.NaN).toFixed(2)} (${least.toFixed(2)}, ${most.toFixed(2)})`;
}
