import type { Client } from '@temporalio/client';
import { workflowIds } from '../../workflows/contract.js';

/** The history of one run of an exploration, as the server counts it. */
export interface RunHistory {
  readonly runId: string;
  readonly events: number;
  readonly bytes: number;
  readonly startedAt: Date;
}

/** Every run of the exploration's workflow, the first one first. */
export async function runsOf(client: Client, name: string): Promise<readonly RunHistory[]> {
  const workflowId = workflowIds.exploration(name);
  const runs: RunHistory[] = [];
  for await (const { runId } of client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    const { historyLength, historySize, startTime } = await client.workflow
      .getHandle(workflowId, runId)
      .describe();
    runs.push({ runId, events: historyLength, bytes: historySize ?? Number.NaN, startedAt: startTime });
  }
  return runs.sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
}
