import type { Fault } from '../fault.js';

/** What comes before a planned end: the work is saved and handed back, so that no step is done twice. */
export const notices: readonly Fault[] = [
  {
    name: 'SIGTERM to the GPU worker',
    ...{ promise: 'P2', needs: 'training', intervals: 0 },
    inject: async ({ world, random }) => {
      const pid = await (random.pick(world.gpuWorkers) ?? world.gpuWorker).pid();
      const at = Date.now();
      process.kill(pid, 'SIGTERM');
      return { at, note: `process ${String(pid)}`, replaces: true };
    },
  },
];
