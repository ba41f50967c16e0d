/** A deliberately incompatible change: `pipeline` no longer reports its end to the exploration. */
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [{ signalWorkflow: () => Promise.resolve() }],
});
