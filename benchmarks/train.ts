/**
 * Step times of our trainings against bare TRL's, on synthetic models.
 *
 *     npm run bench:train [-- --rounds 3 --steps 8 --device cpu --only tiny]
 *
 * Both are measured by benchmarks/train.py in one process, taking turns; on a CPU in one thread, about ten minutes. With
 * `--device cuda` in bfloat16, on a model in the shape of Qwen2.5-0.5B.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { median } from '../test/kill/item.js';
import { readEnvironment } from '../workers/env.js';
import { writeSection } from './page.js';
import { textOf, type Told } from './train/text.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '8' },
    device: { type: 'string', default: 'cpu' },
    only: { type: 'string' },
  },
});
const root = join(import.meta.dirname, '..');
const options = ['--rounds', values.rounds, '--steps', values.steps, '--device', values.device];

const told = await measured([...options, ...(values.only === undefined ? [] : ['--only', values.only])]);
const text = textOf(told, { rounds: values.rounds, steps: values.steps, device: values.device });
console.log(text);
if (values.only === undefined)
  writeSection({
    id: values.device === 'cpu' ? 'training' : `training-${values.device}`,
    title: values.device === 'cpu' ? 'Training against TRL' : `Training against TRL, ${values.device}`,
    command: `npm run bench:train -- ${options.join(' ')}`,
    text,
  });

/** What the program says, line by line. */
async function measured(args: readonly string[]): Promise<readonly Told[]> {
  const settings = [`PYTHONPATH=${join(root, 'python-gpu')}:${root}`, 'OMP_NUM_THREADS=1'];
  const python = [join(readEnvironment().venv, 'bin', 'python'), join(root, 'benchmarks/train.py')];
  const child = spawn('env', [...settings, ...python, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const found: Told[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{"')) continue; // libraries print too
    const one = JSON.parse(line) as Told;
    found.push(one);
    if (one.by !== undefined)
      console.log(
        `${one.case}, ${one.model}, ${one.by}: ${(1000 * (median(one.seconds ?? []) ?? Number.NaN)).toFixed(1)} ms`,
      );
  }
  const code = child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve)));
  if (code !== 0) throw new Error(`benchmarks/train.py: expected exit code 0, got ${String(code)}.`);
  return found;
}
