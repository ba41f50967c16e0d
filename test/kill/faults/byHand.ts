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
    inject: (target) =>
      onLiveOne(target, {
        look: async () => (await trialsInFlight(target))[0],
        strike: (victim) =>
          temporal(target.world, 'workflow', 'terminate', '--workflow-id', victim, '--reason', 'by hand'),
        note: (victim) => victim,
      }),
  },
  {
    name: 'temporal activity reset, heartbeat details erased',
    ...{ promise: 'P2', needs: 'training', intervals: 0 },
    inject: (target) =>
      onLiveOne(target, {
        look: async () => (await startedActivities(target))[0],
        strike: (found) => reset(target, found),
        note: ({ activityId, workflowId }) => `activity ${activityId} of ${workflowId}`,
      }),
  },
];

interface Strike<T> {
  readonly look: () => Promise<T | undefined>;
  readonly strike: (victim: T) => Promise<void>;
  readonly note: (victim: T) => string;
}

/** What the program says of a victim that ended between the look and the strike: then the next one is struck. */
const GONE = /Can't find pending activity|workflow execution already completed|workflow not found/;

async function onLiveOne<T>(target: Target, { look, strike, note }: Strike<T>): ReturnType<Fault['inject']> {
  for (;;) {
    const victim = await unlessEnded(target, 'something in flight', look);
    if (victim === null) return null;
    const at = Date.now();
    try {
      await strike(victim);
      return { at, note: note(victim), replaces: true };
    } catch (error) {
      if (!GONE.test(String(error))) throw error;
    }
  }
}

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
