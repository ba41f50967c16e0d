import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namesIn } from '../../test/kill/progress.js';
import type { World } from '../../test/kill/world.js';
import { openFilesOf, usageOf } from '../usage.js';
import { processesOf } from './processes.js';
import type { Reading } from './trend.js';

/** What is read again and again; one series each. */
export const FIGURES = [
  'memory of the server (MiB)',
  'memory of the orchestrator (MiB)',
  'memory of the GPU worker (MiB)',
  'memory of its trainer (MiB)',
  'open files of the server',
  'open files of the orchestrator',
  'open files of the GPU worker',
  'open files of its trainer',
  'processes',
  'entries of the temporary folder',
  'stages in the work area of the store',
] as const;
export type Figure = (typeof FIGURES)[number];
export type Series = Readonly<Record<Figure, Reading[]>>;

export function emptySeries(): Series {
  return Object.fromEntries(FIGURES.map((figure) => [figure, [] as Reading[]])) as Series;
}

/** Adds one reading to each series; a process that is being started again has none. */
export async function readAll(world: World, series: Series, seconds: number): Promise<void> {
  const pids = await pidsOf(world);
  const [server, orchestrator, worker, trainer] = pids;
  const add = (figure: Figure, read: () => number | null): void => {
    try {
      const value = read();
      if (value !== null) series[figure].push({ seconds, value });
    } catch {
      // The process has just been killed.
    }
  };
  const memory = (pid: number | undefined) => () =>
    pid === undefined ? null : usageOf(pid).rssBytes / 2 ** 20;
  const files = (pid: number | undefined) => () => (pid === undefined ? null : openFilesOf(pid));
  add('memory of the server (MiB)', memory(server));
  add('memory of the orchestrator (MiB)', memory(orchestrator));
  add('memory of the GPU worker (MiB)', memory(worker));
  add('memory of its trainer (MiB)', memory(trainer));
  add('open files of the server', files(server));
  add('open files of the orchestrator', files(orchestrator));
  add('open files of the GPU worker', files(worker));
  add('open files of its trainer', files(trainer));
  add('processes', () => processesOf(world.home.folder).length);
  add('entries of the temporary folder', () => readdirSync(tmpdir()).length);
  const work = await namesIn(join(world.env.store, 'work'));
  add('stages in the work area of the store', () => work.length);
}

/** Server, orchestrator, GPU worker, its trainer child; undefined where there is none now. */
async function pidsOf({ server, orchestrator, gpuWorker }: World): Promise<readonly (number | undefined)[]> {
  const running = [server, orchestrator, gpuWorker].map((one) => one.pid().catch(() => undefined));
  const children = await gpuWorker.children().catch(() => []);
  return [...(await Promise.all(running)), children[0]];
}
