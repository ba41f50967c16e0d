import type { Fault } from '../fault.js';
import { until } from '../until.js';
import { reached } from './points.js';

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
  {
    name: 'SIGTERM at the load of a model, four times in a row',
    ...{ promise: 'P7', needs: 'work', intervals: 0 },
    inject: async (target) => {
      let at = 0;
      for (let times = 0; times < 4; times += 1) {
        const fired = await reached(target, 'load/begin', 'sleep 60');
        if (fired === null) return at === 0 ? null : { at, note: `${String(times)} times` };
        at ||= fired.at;
        const victim =
          target.world.gpuWorkers.find((one) => one.hasChild(fired.pid)) ?? target.world.gpuWorker;
        const pid = await victim.pid();
        process.kill(pid, 'SIGTERM');
        await until(`${victim.name} hands its work back`, 60, () => !victim.runs(pid));
      }
      return { at, note: 'no attempt came to its first step' };
    },
  },
];
