/**
 * An hour of an exploration of the tiny world with a random kill a minute: nothing may grow, nothing may stay behind.
 *
 *     npm run bench:soak [-- --minutes 60] [--seed 1]
 *
 * Real processes under keepers, killed as in `npm run test:kill`: the trainer child, the GPU worker, the orchestrator, the
 * server, or all at once, at a random moment of each minute. Linux only. Takes --minutes and about three more.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadAudit } from '../activities/ledger/audit.js';
import { randomOf } from '../domain/random.js';
import { copyCode } from '../test/kill/code.js';
import { PATIENCE_SECONDS, type Target } from '../test/kill/fault.js';
import { kills } from '../test/kill/faults/kills.js';
import { recovered } from '../test/kill/recovery.js';
import { tinySpec } from '../test/kill/spec.js';
import { startWorld, type World } from '../test/kill/world.js';
import { writeSection } from './page.js';
import { textOf, type Kill, type Soaked } from './soak/page.js';
import { processesOf } from './soak/processes.js';
import { emptySeries, readAll } from './soak/watch.js';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
});
if (process.platform !== 'linux')
  throw new Error(`soak: expected Linux, whose /proc it reads, got ${process.platform}.`);
const NAME = 'soak';
const MINUTE_MS = 60_000;
const READ_EVERY_MS = 5000;
const STEPS = 120;

const minutes = Number(values.minutes);
const code = copyCode();
const world = await startWorld({ code: code.root, say: () => undefined });
let soaked: Omit<Soaked, 'orphans'>;
try {
  // More trials than an hour holds.
  await world.begin(
    tinySpec({ name: NAME, seed: Number(values.seed), trials: 60 * minutes + 60, steps: STEPS }),
  );
  soaked = await soak(world);
} finally {
  await world.close(false);
  code.remove();
}
await sleep(2000);
const text = textOf({ ...soaked, orphans: processesOf(world.home.folder) });
console.log(text);
writeSection({
  id: 'soak',
  title: 'Kills all the time',
  command: `npm run bench:soak -- --minutes ${values.minutes} --seed ${values.seed}`,
  text,
});

async function soak(on: World): Promise<Omit<Soaked, 'orphans'>> {
  const series = emptySeries();
  const began = performance.now();
  const stopping = new AbortController();
  const reading = readUntil(stopping.signal, () => readAll(on, series, (performance.now() - began) / 1000));
  const struck = await strikes(on);
  stopping.abort();
  await reading;
  const { findings } = (await loadAudit(on.store, NAME)) ?? {
    findings: [{ message: 'expected books, got none' }],
  };
  const { rows, objects } = await on.mark(NAME);
  const leftovers = (await on.store.leftovers(new Date())).filter(({ kind }) => kind !== 'work');
  for (const one of leftovers) await on.store.sweep(one);
  const left = (await on.store.leftovers(new Date())).filter(({ kind }) => kind !== 'work').length;
  return {
    ...{ minutes, kills: struck, series, rows, objects },
    findings: findings.map(({ message }) => message),
    leftovers: leftovers.map(({ kind }) => kind),
    leftAfterSweep: left,
  };
}

async function readUntil(signal: AbortSignal, read: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await read();
    await sleep(READ_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** One a minute, at a random moment of it. */
async function strikes(on: World): Promise<readonly Kill[]> {
  const random = randomOf(NAME, values.seed);
  const target: Target = { world: on, name: NAME, random, patienceSeconds: PATIENCE_SECONDS };
  const struck: Kill[] = [];
  const began = Date.now();
  for (let minute = 0; minute < minutes; minute += 1) {
    await sleep(began + MINUTE_MS * (minute + 0.8 * random.real()) - Date.now());
    const fault = random.pick(kills);
    const injected = await fault?.inject(target);
    if (fault === undefined || injected === null || injected === undefined) continue;
    const seconds = await recovered(target, await on.mark(NAME), injected.at);
    struck.push({ fault: fault.name, seconds });
    console.error(`${fault.name}: work went on after ${seconds.toFixed(1)} s`);
  }
  await sleep(Math.max(0, began + MINUTE_MS * minutes - Date.now()));
  return struck;
}
