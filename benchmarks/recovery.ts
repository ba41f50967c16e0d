/**
 * How long a training waits after its GPU worker was killed, and what each end of a worker costs in steps.
 *
 *     npm run bench:recovery [-- --kills 10 --notices 5]
 *
 * One long training of the tiny world on the embedded server; its worker is killed again and again (SIGKILL), and asked
 * to end with 30 s of notice (SIGTERM), and started again at once by its keeper. The waits are timed from the signal to
 * the first step of the next attempt; the steps lost are read from the ledger when the exploration has ended.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { AttemptRow, AttemptsView } from '../activities/ledger/attempts.js';
import { randomOf } from '../domain/random.js';
import { GPU_ACTIVITY } from '../workflows/contract.js';
import { copyCode } from '../test/kill/code.js';
import { median } from '../test/kill/item.js';
import { ended } from '../test/kill/outcome.js';
import { training, type Pace } from '../test/kill/progress.js';
import { CHECKPOINT_SECONDS, tinySpec } from '../test/kill/spec.js';
import { until } from '../test/kill/until.js';
import { startWorld, type World } from '../test/kill/world.js';
import { goalTable } from './goals.js';
import { isWholePage, writeSection } from './page.js';
import { writeWaits } from './preemption/waits.js';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '10' }, notices: { type: 'string', default: '5' } },
});
const NAME = 'recovery';
const GOAL_SECONDS = Number.parseInt(GPU_ACTIVITY.heartbeatTimeout, 10) + 3;
/** Trained between two strikes at most, in seconds: longer than a checkpoint interval. */
const LONGEST_PAUSE_SECONDS = 4;
const STEPS_A_STRIKE = 120;

interface Strike {
  readonly signal: 'SIGKILL' | 'SIGTERM';
  readonly waitSeconds: number;
}

const code = copyCode();
const world = await startWorld({ code: code.root, say: () => undefined });
try {
  const signals = orderOf(Number(values.kills), Number(values.notices));
  await world.begin(longTraining(signals.length));
  const strikes = await strikeAll(world, signals);
  await ended(world, NAME, 1800);
  const { rows } = JSON.parse(await world.cli('attempts', NAME, '--json')) as AttemptsView;
  const text = textOf(strikes, rows);
  console.log(text);
  // bench:preemption draws from them.
  if (isWholePage())
    writeWaits({ SIGKILL: waitsOf(strikes, 'SIGKILL'), SIGTERM: waitsOf(strikes, 'SIGTERM') });
  writeSection({
    id: 'recovery',
    title: 'Recovery of a training',
    command: `npm run bench:recovery -- --kills ${values.kills} --notices ${values.notices}`,
    text,
  });
} finally {
  await world.close(false);
  code.remove();
}

/** The base's scores and one training, long enough for all strikes. */
function longTraining(strikes: number): ReturnType<typeof tinySpec> {
  return tinySpec({ name: NAME, seed: 1, trials: 0, steps: STEPS_A_STRIKE * strikes });
}

function orderOf(kills: number, notices: number): readonly Strike['signal'][] {
  const all = [...Array<'SIGKILL'>(kills).fill('SIGKILL'), ...Array<'SIGTERM'>(notices).fill('SIGTERM')];
  return randomOf('recovery').shuffle(all);
}

async function strikeAll(on: World, signals: readonly Strike['signal'][]): Promise<readonly Strike[]> {
  const random = randomOf('recovery', 'moments');
  const strikes: Strike[] = [];
  for (const signal of signals) {
    await until('a step of the training', 120, () => running(on));
    await sleep(1000 * LONGEST_PAUSE_SECONDS * random.real());
    const before = await until('a step of the training', 120, () => running(on));
    const pid = await on.gpuWorker.pid();
    const began = performance.now();
    process.kill(pid, signal);
    await until('the next attempt', 120, () => nextStep(on, before));
    strikes.push({ signal, waitSeconds: (performance.now() - began) / 1000 });
    console.log(
      `${signal} at step ${String(before.step)}: ${strikes.at(-1)?.waitSeconds.toFixed(1) ?? ''} s`,
    );
  }
  return strikes;
}

async function running(on: World): Promise<Pace | null> {
  return training(await on.mark(NAME));
}

async function nextStep(on: World, { stageId, attempt }: Pace): Promise<boolean> {
  const { paces } = await on.mark(NAME);
  return paces.some((one) => one.stageId === stageId && one.attempt > attempt);
}

function waitsOf(strikes: readonly Strike[], signal: Strike['signal']): readonly number[] {
  return strikes.filter((one) => one.signal === signal).map((one) => one.waitSeconds);
}

function textOf(strikes: readonly Strike[], attempts: readonly AttemptRow[]): string {
  const lines = (['SIGKILL', 'SIGTERM'] as const).flatMap((signal) => {
    const waits = waitsOf(strikes, signal);
    return waits.length === 0 ? [] : [lineOf(signal, waits, lostBy(signal, attempts))];
  });
  return [
    `The worker is started again at once by its keeper; a checkpoint is due every ${String(CHECKPOINT_SECONDS)} s; heartbeat timeout ${GPU_ACTIVITY.heartbeatTimeout}.`,
    [
      '| signal to the GPU worker | times | to its next step: median, longest (s) | steps lost: most | work lost: most (s) |',
      '| --- | --- | --- | --- | --- |',
      ...lines,
    ].join('\n'),
    goalTable([
      {
        what: 'from SIGKILL to the next step, the longest; heartbeat timeout + 3 s',
        value: Math.max(...waitsOf(strikes, 'SIGKILL')),
        bound: { atMost: GOAL_SECONDS },
        text: (seconds) => `${seconds.toFixed(1)} s`,
        cause: 'The worker, whose imports take seconds of a core, was not there when the timeout was over.',
      },
    ]),
  ].join('\n\n');
}

/** The attempts of the training that a signal of this kind ended. */
function lostBy(signal: Strike['signal'], attempts: readonly AttemptRow[]): readonly AttemptRow[] {
  const end = signal === 'SIGKILL' ? 'lost' : 'preempted';
  return attempts.filter((one) => one.stage === 'sft' && one.end === end);
}

function lineOf(signal: string, waits: readonly number[], lost: readonly AttemptRow[]): string {
  const steps = Math.max(...lost.map((one) => one.stepsLost));
  const seconds = Math.max(...lost.map((one) => one.lostGpuSeconds));
  const waited = `${(median(waits) ?? Number.NaN).toFixed(1)}, ${Math.max(...waits).toFixed(1)}`;
  return `| ${signal} | ${String(waits.length)} (${String(lost.length)} in the ledger) | ${waited} | ${String(steps)} | ${seconds.toFixed(2)} |`;
}
