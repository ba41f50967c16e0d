import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findTemporal, readServerAddress } from '../../../workers/temporalServer.js';
import { unlessEnded, type Fault, type Target } from '../fault.js';
import { startedActivities, trialsInFlight } from '../inflight.js';
import type { World } from '../world.js';

/** What a person may do with the `temporal` program. */
export const byHand: readonly Fault[] = [
  {
    name: "a trial's workflow terminated by hand",
    ...{ promise: 'P1', needs: 'work', intervals: 0 },
    inject: async (target) => {
      const victim = await unlessEnded(
        target,
        'a trial in flight',
        async () => (await trialsInFlight(target))[0],
      );
      if (victim === null) return null;
      const at = Date.now();
      await temporal(target.world, 'workflow', 'terminate', '--workflow-id', victim, '--reason', 'by hand');
      return { at, note: victim, replaces: true };
    },
  },
  {
    name: 'temporal activity reset, heartbeat details erased',
    ...{ promise: 'P2', needs: 'training', intervals: 0 },
    inject: async (target) => {
      const found = await unlessEnded(
        target,
        'a started activity',
        async () => (await startedActivities(target))[0],
      );
      if (found === null) return null;
      const at = Date.now();
      await reset(target, found);
      return { at, note: `activity ${found.activityId} of ${found.workflowId}`, replaces: true };
    },
  },
];

async function reset(
  { world }: Target,
  { workflowId, activityId }: { workflowId: string; activityId: string },
) {
  const which = ['--workflow-id', workflowId, '--activity-id', activityId];
  await temporal(world, 'activity', 'reset', ...which, '--clear-heartbeat-details');
}

async function temporal({ env, home }: World, ...args: readonly string[]): Promise<void> {
  const address = readServerAddress(home)?.address ?? '';
  await promisify(execFile)(findTemporal(env) ?? 'temporal', [...args, '--address', address]);
}
