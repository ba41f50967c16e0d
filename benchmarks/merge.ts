/**
 * Time and memory of merges against mergekit 0.1.5 and against a plain copy of files, on synthetic bfloat16 models.
 *
 *     npm run bench:merge [-- --runs 3 --layers 21 --threads 1 --folder FOLDER --methods linear,ties,dareTies]
 *
 * 21 layers make models of 335M parameters; a base and two of them, with their results, take about 5 GB of FOLDER. Every
 * run is a process of its own; ours, mergekit's and the copy take turns. It takes about eight minutes.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { median } from '../test/kill/item.js';
import { readEnvironment } from '../workers/env.js';
import { goalTable, type Goal } from './goals.js';
import { writeSection } from './page.js';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    layers: { type: 'string', default: '21' },
    threads: { type: 'string', default: '1' },
    folder: { type: 'string' },
    methods: { type: 'string', default: 'linear,ties,dareTies' },
  },
});
const METHODS = values.methods.split(',');
/** Goals: how many times faster than mergekit, at most what share of its memory, and how much slower than the copy. */
const GOALS = { ties: 5, memory: 0.5, copy: 1.1 } as const;

interface Run {
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly anonymousBytes: number;
  readonly addedBytes: number;
}
interface Comparison {
  readonly elements: number;
  readonly different: number;
  readonly unexplained: number;
}

const root = join(import.meta.dirname, '..');
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'lamdagent-merge-'));
try {
  mkdirSync(folder, { recursive: true });
  const { parameters } = (await program('make', folder, values.layers)) as { readonly parameters: number };
  const runs = new Map<string, Run[]>();
  for (let turn = 0; turn < Number(values.runs); turn += 1)
    for (const [name, ...words] of measurements()) await measure(runs, name, words);
  const compared = new Map<string, Comparison>();
  for (const method of METHODS.filter((one) => one !== 'dareTies'))
    compared.set(method, (await program('compare', method, folder)) as Comparison);
  const text = textOf(parameters, runs, compared);
  console.log(text);
  writeSection({
    id: 'merge',
    title: 'Merging',
    command: `npm run bench:merge -- --runs ${values.runs} --layers ${values.layers} --threads ${values.threads} --methods ${values.methods}`,
    text,
  });
} finally {
  if (values.folder === undefined) rmSync(folder, { recursive: true });
}

/** The runs of one turn: a name, and the program's words. */
function measurements(): readonly (readonly [string, ...string[]])[] {
  const copying = METHODS.includes('linear') ? [['copy', 'copy', folder] as const] : [];
  return [
    ...METHODS.flatMap((method) => [
      [`ours ${method}`, 'ours', method, folder] as const,
      [`mergekit ${method}`, 'mergekit', method, folder] as const,
    ]),
    ...copying,
  ];
}

async function measure(runs: Map<string, Run[]>, name: string, words: readonly string[]): Promise<void> {
  const run = (await program(...words)) as Run;
  runs.set(name, [...(runs.get(name) ?? []), run]);
  console.log(
    `${name}: ${run.seconds.toFixed(1)} s, of the processor ${run.processorSeconds.toFixed(1)} s, ${megabytes(run.addedBytes)} MB`,
  );
}

/** What `benchmarks/merge.py` prints. */
async function program(...words: readonly string[]): Promise<unknown> {
  const settings = [
    `PYTHONPATH=${join(root, 'python-gpu')}`,
    `OMP_NUM_THREADS=${values.threads}`,
    'HF_HUB_OFFLINE=1',
  ];
  const python = [join(readEnvironment().venv, 'bin', 'python'), join(root, 'benchmarks/merge.py'), ...words];
  const { stdout } = await promisify(execFile)('env', [...settings, ...python], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

function textOf(
  parameters: number,
  runs: ReadonlyMap<string, readonly Run[]>,
  compared: ReadonlyMap<string, Comparison>,
): string {
  const middle = (name: string, of: keyof Run): number =>
    median((runs.get(name) ?? []).map((run) => run[of])) ?? Number.NaN;
  const rows = [...runs.keys()].map((name) => {
    const seconds = (runs.get(name) ?? []).map((run) => run.seconds);
    const spread = `${Math.min(...seconds).toFixed(1)} … ${Math.max(...seconds).toFixed(1)}`;
    const cells = [
      `${middle(name, 'seconds').toFixed(1)} (${spread})`,
      middle(name, 'processorSeconds').toFixed(1),
      megabytes(middle(name, 'addedBytes')),
      megabytes(middle(name, 'anonymousBytes')),
    ];
    return `| ${name} | ${cells.join(' | ')} |`;
  });
  const ratio = (left: string, right: string, of: keyof Run): number => middle(left, of) / middle(right, of);
  const against = METHODS.map((method) => {
    const [mine, theirs] = [`ours ${method}`, `mergekit ${method}`];
    const faster = `${ratio(theirs, mine, 'seconds').toFixed(1)} times mergekit's speed by the wall, ${ratio(theirs, mine, 'processorSeconds').toFixed(1)} by processor time`;
    const memory = `${(100 * ratio(mine, theirs, 'addedBytes')).toFixed(0)} % of the memory it adds, ${(100 * ratio(mine, theirs, 'anonymousBytes')).toFixed(0)} % of all its anonymous memory`;
    return `- ${method}: ${faster}; ${memory}.`;
  });
  const copied = METHODS.includes('linear')
    ? [
        `- linear: ${ratio('ours linear', 'copy', 'seconds').toFixed(2)} times a plain copy by the wall, ${ratio('ours linear', 'copy', 'processorSeconds').toFixed(2)} by processor time.`,
      ]
    : [];
  const equal = [...compared].map(([method, { elements, different, unexplained }]) => {
    const share = ((100 * different) / elements).toFixed(3);
    const cause =
      method === 'ties' ? 'where a delta equals its threshold (kept by ours, at random by theirs)' : '';
    return `- ${method}: ${share} % of ${String(elements)} elements differ by more than a step of bfloat16${cause && ` ${cause}`}; without a known cause: ${String(unexplained)}.`;
  });
  const unexplained = [...compared.values()].reduce((sum, one) => sum + one.unexplained, 0);
  const goals: Goal[] = [];
  if (METHODS.includes('ties')) {
    const [speed, memory] = [
      ratio('mergekit ties', 'ours ties', 'seconds'),
      ratio('ours ties', 'mergekit ties', 'anonymousBytes'),
    ];
    goals.push(
      goalOf('TIES, speed to mergekit’s', speed, { atLeast: GOALS.ties }),
      goalOf('TIES, anonymous memory to mergekit’s', memory, { atMost: GOALS.memory }),
    );
  }
  if (METHODS.includes('linear'))
    goals.push(
      goalOf('linear, time to a plain copy’s', ratio('ours linear', 'copy', 'seconds'), {
        atMost: GOALS.copy,
      }),
    );
  goals.push({
    ...{ what: 'elements that differ without a known cause', value: unexplained, bound: { atMost: 0 } },
    ...{ text: String, cause: 'The list above says by which method.' },
  });
  return [
    `A base and two models of ${(parameters / 1e6).toFixed(0)}M parameters in bfloat16, ${values.threads} thread${values.threads === '1' ? '' : 's'}, ${values.runs} runs of each in turn. Medians; files were in the page cache. mergekit computes in its usual bfloat16, ours in float32. The copy reads and writes two models and one result, synced to disk as ours is.`,
    [
      '| run | seconds (least … most) | processor seconds | anonymous memory added (MB) | in all (MB) |',
      '| --- | --- | --- | --- | --- |',
      ...rows,
    ].join('\n'),
    [...against, ...copied].join('\n'),
    `Equality, mergekit computing in float32 too:\n\n${equal.join('\n')}\n- dareTies: other random numbers; \`python-gpu/tests/merge/test_mergekit.py\` gives both the same.`,
    goalTable(goals),
  ].join('\n\n');
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function goalOf(what: string, value: number, bound: Goal['bound']): Goal {
  return {
    what,
    value,
    bound,
    text: (one) => one.toFixed(2),
    cause: 'The table has the spread of the runs.',
  };
}
