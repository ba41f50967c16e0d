import { setTimeout as sleep } from 'node:timers/promises';
import type { Attempt } from '../../../domain/outcome.js';
import type { Fault, Injected, Target } from '../fault.js';
import { reached } from './points.js';
import type { Kept } from '../kept.js';
import { training } from '../progress.js';
import { until } from '../until.js';
import type { World } from '../world.js';

/** Frozen past every timeout, replaced by another worker, and then awake again: it must not publish or overwrite. */
export const zombies: readonly Fault[] = [
  {
    name: 'GPU worker stopped and continued after another took over',
    ...{ promise: 'P5', needs: 'training', intervals: 1 },
    inject: async (target) => {
      const { world, name } = target;
      const second = await secondWorker(world);
      const stage = training(await world.mark(name));
      const group = await groupOf(world);
      const at = Date.now();
      signal(group, 'SIGSTOP');
      return frozen(target, { group, second, stageId: stage?.stageId ?? null, at });
    },
  },
  {
    name: 'GPU worker stopped before publishing, continued after another took over',
    ...{ promise: 'P5', needs: 'training', intervals: 1 },
    inject: async (target) => {
      const { world, name } = target;
      const second = await secondWorker(world);
      const fired = await reached(target, 'publish/before-rename', 'stop');
      if (fired === null) return null;
      const victim = world.gpuWorkers.find((one) => one.runs(fired.pid));
      const others = victim === undefined ? [] : await victim.children();
      signal(others, 'SIGSTOP');
      const stage = (await world.mark(name)).paces[0];
      return frozen(target, {
        group: [...others, fired.pid],
        second,
        stageId: stage?.stageId ?? null,
        at: fired.at,
      });
    },
  },
];

function frozen(target: Target, zombie: Zombie): Injected {
  const note = `processes ${zombie.group.join(', ')}`;
  return { at: zombie.at, note, replaces: true, check: () => awake(target, zombie) };
}

async function groupOf({ gpuWorker }: World): Promise<readonly number[]> {
  return [...(await gpuWorker.children()), await gpuWorker.pid()];
}

interface Zombie {
  readonly group: readonly number[];
  readonly second: Kept;
  /** What it was training; null where that can't be told. */
  readonly stageId: string | null;
  readonly at: number;
}

/** The zombie wakes up while, or after, another finishes its stage; everything it held must be the other's. */
async function awake({ world }: Target, { group, second, stageId }: Zombie): Promise<readonly string[]> {
  await sleep(500);
  signal(group, 'SIGCONT');
  const broken = stageId === null ? [] : await publishedByAnother(world, stageId, group);
  await world.dismiss(second);
  return broken;
}

async function publishedByAnother(
  world: World,
  stageId: string,
  group: readonly number[],
): Promise<readonly string[]> {
  const manifest = await until(`object ${stageId}`, 300, () => world.store.manifest(stageId));
  await sleep(3000); // time for the zombie to do harm
  const after = await world.store.manifest(stageId);
  const attempts = manifest.result['attempts'] as unknown as readonly Attempt[];
  const zombie = attempts.find(({ worker }) => group.some((pid) => worker.endsWith(`:${String(pid)}`)));
  const publisher = attempts.at(-1);
  const intact = await Promise.all(manifest.files.map(({ path }) => opens(world, stageId, path)));
  return [
    ...(JSON.stringify(after) === JSON.stringify(manifest)
      ? []
      : [`object ${stageId}: expected to stay, got another`]),
    ...(zombie === undefined || zombie.attempt !== publisher?.attempt
      ? []
      : [
          `object ${stageId}: expected the attempt that took over to publish, got the zombie, ${zombie.worker}`,
        ]),
    ...intact.flatMap((fault) => (fault === null ? [] : [fault])),
  ];
}

async function opens(world: World, stageId: string, path: string): Promise<string | null> {
  try {
    await world.store.openFile(stageId, path);
    return null;
  } catch (error) {
    return String(error);
  }
}

/** Another worker on the same queue and store, ready for work. */
async function secondWorker(world: World): Promise<Kept> {
  const second = world.oneMoreGpuWorker();
  await until(`${second.name} is ready`, 180, () => world.logOf(second).includes('ready device='));
  return second;
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) process.kill(pid, name);
}
