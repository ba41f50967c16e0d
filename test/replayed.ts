import type { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { workflowBundle } from './harness.js';

/**
 * Replays the histories of an exploration and its trials, each run that the server still keeps; what does not replay, in
 * words.
 */
export async function replayFaults(client: Client, name: string): Promise<readonly string[]> {
  const query = `WorkflowId = 'explore/${name}' OR WorkflowId STARTS_WITH 'explore/${name}/'`;
  const runs = client.workflow.list({ query }).intoHistories();
  const options = { workflowBundle: await workflowBundle() };
  const faults: string[] = [];
  for await (const { workflowId, runId, error } of Worker.runReplayHistories(options, runs))
    if (error !== undefined) faults.push(`${workflowId}, run ${runId}: ${error.message}`);
  return faults;
}
