import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.js';

/** The network between the workers and the server. */
export const connections: readonly Fault[] = [
  {
    name: 'connections dropped every few seconds',
    ...{ promise: 'P1', needs: 'work', intervals: 1 },
    inject: async ({ world, random }) => {
      const at = Date.now();
      let count = 0;
      for (let times = 0; times < 6; times += 1) {
        count += world.proxy.cut();
        await sleep(1000 + random.real() * 3000);
      }
      return { at, note: `${String(count)} connections` };
    },
  },
  {
    name: 'no connection for 15 s',
    ...{ promise: 'P1', needs: 'work', intervals: 1 },
    inject: async ({ world }) => {
      const at = Date.now();
      world.proxy.refuse(true);
      world.proxy.cut();
      await sleep(15_000); // longer than the heartbeat timeout: the server gives the attempt up
      world.proxy.refuse(false);
      return { at, note: 'longer than the heartbeat timeout' };
    },
  },
];
