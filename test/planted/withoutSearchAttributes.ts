/** A deliberately incompatible change: `explore` no longer asks which search attributes are registered. */
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      scheduleActivity: async (input, next) => (input.activityType === 'searchAttributes' ? [] : next(input)),
    },
  ],
});
