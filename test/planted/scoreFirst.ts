/** A deliberately incompatible change: `pipeline` scores before it builds. */
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

const SWAPPED: Readonly<Record<string, string>> = { build: 'evaluate', evaluate: 'build' };

export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      scheduleActivity: (input, next) =>
        next({ ...input, activityType: SWAPPED[input.activityType] ?? input.activityType }),
    },
  ],
});
