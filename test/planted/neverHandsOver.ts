/** A deliberately incompatible change: `explore` never continues as new. */
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [{ continueAsNew: () => new Promise<never>(() => undefined) }],
});
