import type { Fault, Target } from '../fault.js';
import type { Kept } from '../kept.js';
import type { World } from '../world.js';
import { until } from '../until.js';

/** SIGKILL: nobody gets to say a word. */
export const kills: readonly Fault[] = [
  {
    name: 'kill trainer child',
    ...{ promise: 'P2', needs: 'training', intervals: 1 },
    inject: async ({ world }) => {
      const child = await trainerOf(world.gpuWorker);
      process.kill(child, 'SIGKILL');
      return { at: Date.now(), note: `process ${String(child)}` };
    },
  },
  killOf('kill GPU worker', (world) => [world.gpuWorker]),
  killOf('kill orchestrator', (world) => [world.orchestrator]),
  killOf('kill Temporal server', (world) => [world.server]),
  killOf('kill all at once', (world) => [world.server, world.orchestrator, world.gpuWorker]),
];

function killOf(name: string, victims: (world: World) => readonly Kept[]): Fault {
  return {
    name,
    ...{ promise: 'P1', needs: 'work', intervals: 1 },
    inject: async ({ world }: Target) => {
      const at = Date.now();
      await Promise.all(victims(world).map((one) => one.kill()));
      return {
        at,
        note: victims(world)
          .map((one) => one.name)
          .join(', '),
      };
    },
  };
}

/** The process that trains for a GPU worker. */
export async function trainerOf(worker: Kept): Promise<number> {
  return until('a trainer child', 30, async () => (await worker.children())[0]);
}
