/**
 * What the whole system costs on top of the trainings: trials of the quickstart's world by it, and the same jobs again in a
 * bare loop, under Ray Tune and under Optuna.
 *
 *     npm run bench:overhead [-- --trials 12] [--rounds 3] [--parallel 1 --parallel 2]
 *
 * The other loops run the same code of the GPU worker, with its warm child process, checkpoints and published objects
 * (benchmarks/overhead/loops.py), in an environment of their own. Rounds alternate, each from an empty store. Timed from
 * the end of the base's evaluation, when all is loaded, to the end of the last trial. With two trials in flight the one GPU
 * worker begins its next job while the last result is published and booked. Takes about 30 minutes.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createPrepare } from '../activities/spec/prepare.js';
import { createFolderStore } from '../activities/store/folder.js';
import type { JsonObject } from '../domain/json.js';
import { ROOT, tinySpec } from '../test/kill/spec.js';
import { childEnvironment } from '../workers/env.js';
import { searchWhole, type TrialJobs } from './overhead/ours.js';
import { LOOPS, textOf, type Loop, type Round } from './overhead/page.js';
import { writeSection } from './page.js';

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '12' },
    rounds: { type: 'string', default: '3' },
    parallel: { type: 'string', multiple: true, default: ['1', '2'] },
  },
});
const NAME = 'overhead';
const trials = Number(values.trials);
const OTHERS = LOOPS.filter((loop) => loop !== 'whole');

for (const parallel of values.parallel) {
  const rounds: Round[] = [];
  for (let number = 0; number < Number(values.rounds); number += 1)
    rounds.push(await round(number, Number(parallel)));
  const text = textOf(rounds, Number(parallel));
  console.log(text);
  writeSection({
    id: `overhead-${parallel}`,
    title: `Overhead over the trainings, ${parallel === '1' ? 'one trial' : `${parallel} trials`} in flight`,
    command: `npm run bench:overhead -- --trials ${values.trials} --rounds ${values.rounds} --parallel ${parallel}`,
    text,
  });
}

/** The whole system goes first, since it decides; the others take turns. */
async function round(number: number, parallel: number): Promise<Round> {
  const spec = tinySpec({ name: NAME, seed: number + 1, trials, parallel, changes: { policy: 'evolution' } });
  const whole = await searchWhole(spec, trials + 2);
  const seconds = { whole: span(whole.ends), bare: 0, optuna: 0, ray: 0 };
  for (const loop of turned(OTHERS, number)) seconds[loop] = span(await again(loop, spec, whole.jobs));
  console.error(`round ${String(number + 1)}: ${JSON.stringify(seconds)}`);
  return { trials: trials + 1, seconds, idleSeconds: whole.idleSeconds };
}

/** The jobs of all trials again, by another loop, from a store that holds the imported files alone. */
async function again(loop: Loop, spec: JsonObject, jobs: readonly TrialJobs[]): Promise<readonly number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lamdagent-loop-'));
  try {
    const store = createFolderStore(join(folder, 'store'));
    await createPrepare({ store })({ spec, workflowId: `explore/${NAME}`, firstRunId: NAME });
    writeFileSync(join(folder, 'trials.json'), JSON.stringify(jobs));
    const script = join(ROOT, 'benchmarks/overhead/loops.py');
    const args = [script, '--loop', loop, '--store', store.location, '--jobs', join(folder, 'trials.json')];
    const { status, stdout } = spawnSync(join(ROOT, '.cache/overhead/bin/python'), args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      env: childEnvironment({ OMP_NUM_THREADS: '1', HF_HUB_OFFLINE: '1', TOKENIZERS_PARALLELISM: 'false' }),
    });
    if (status !== 0)
      throw new Error(`loops.py --loop ${loop}: expected exit code 0, got ${String(status)}.`);
    const { ends } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
      readonly ends: readonly number[];
    };
    return ends;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From the first trial's end, the base's, to the last one's. */
function span(ends: readonly number[]): number {
  return Math.max(...ends) - Math.min(...ends);
}

function turned<T>(list: readonly T[], by: number): readonly T[] {
  const from = by % list.length;
  return [...list.slice(from), ...list.slice(0, from)];
}
