import type { Random } from '../../../domain/random.js';
import type { Fault, Target } from '../fault.js';
import type { Kept } from '../kept.js';
import type { World } from '../world.js';
import { until } from '../until.js';

/** SIGKILL: nobody gets to say a word. */
export const kills: readonly Fault[] = [
  {
    name: 'kill trainer child',
    ...{ promise: 'P2', needs: 'training', intervals: 1 },
    inject: async ({ world, random }) => {
      const child = await trainerOf(random.pick(world.gpuWorkers) ?? world.gpuWorker);
      process.kill(child, 'SIGKILL');
      return { at: Date.now(), note: `process ${String(child)}` };
    },
  },
  killOf('kill GPU worker', ({ gpuWorkers, gpuWorker }, random) => [random.pick(gpuWorkers) ?? gpuWorker]),
  killOf('kill orchestrator', (world) => [world.orchestrator]),
  killOf('kill Temporal server', (world) => [world.server]),
  killOf('kill all at once', (world) => [world.server, world.orchestrator, ...world.gpuWorkers]),
];

function killOf(name: string, victims: (world: World, random: Random) => readonly Kept[]): Fault {
  return {
    name,
    ...{ promise: 'P1', needs: 'work', intervals: 1 },
    inject: async ({ world, random }: Target) => {
      const chosen = victims(world, random);
      const at = Date.now();
      await Promise.all(chosen.map((one) => one.kill()));
      return { at, note: chosen.map((one) => one.name).join(', ') };
    },
  };
}

/** The process that trains for a GPU worker. */
export async function trainerOf(worker: Kept): Promise<number> {
  return until('a trainer child', 120, async () => (await worker.children())[0]);
}
