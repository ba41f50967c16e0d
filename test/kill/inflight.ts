import type { StatusAnswer } from '../../workflows/messages.js';
import type { Target } from './fault.js';

/** The workflow ids of the trials in flight. */
export async function trialsInFlight({ world, name }: Target): Promise<readonly string[]> {
  const status = await world.ask((client) =>
    client.workflow.getHandle(`explore/${name}`).query<StatusAnswer | null>('status'),
  );
  return (status?.inFlight ?? []).map(({ workflowId }) => workflowId);
}

/** A GPU activity that a worker has, and its workflow. */
export interface Pending {
  readonly workflowId: string;
  readonly activityId: string;
  readonly attempt: number;
}

/** The started GPU activities of all trials in flight. */
export async function startedActivities(target: Target): Promise<readonly Pending[]> {
  const ids = await trialsInFlight(target);
  const found = await Promise.all(
    ids.map(async (workflowId) => {
      const { raw } = await target.world.ask((client) => client.workflow.getHandle(workflowId).describe());
      return (raw.pendingActivities ?? [])
        .filter(({ state }) => state === STARTED)
        .map(({ activityId, attempt }) => ({
          workflowId,
          activityId: activityId ?? '',
          attempt: attempt ?? 0,
        }));
    }),
  );
  return found.flat();
}

/** temporal.api.enums.v1.PendingActivityState */
const STARTED = 2;
