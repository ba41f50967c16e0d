import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { workflowIds } from '../workflows/contract.js';
import type { StatusAnswer } from '../workflows/messages.js';

const LOOK_EVERY_MS = 500;
/** A query waits for a worker; one that has just come up is asked again sooner than the client would. */
const PATIENCE_MS = 3000;

/** The exploration's status; null before it is prepared, and while nobody can answer. */
export async function statusOf(client: Client, name: string): Promise<StatusAnswer | null> {
  try {
    const handle = client.workflow.getHandle(workflowIds.exploration(name));
    return await client.withDeadline(Date.now() + PATIENCE_MS, () =>
      handle.query<StatusAnswer | null>('status'),
    );
  } catch {
    return null;
  }
}

/** Resolves when its workflow is completed, whatever runs it went through; rejects when it ended otherwise. */
export async function ended(client: Client, name: string): Promise<void> {
  for (;;) {
    const { status } = await client.workflow.getHandle(workflowIds.exploration(name)).describe();
    if (status.name === 'COMPLETED') return;
    if (status.name !== 'RUNNING' && status.name !== 'CONTINUED_AS_NEW')
      throw new Error(`exploration ${name}: expected to run or be completed, got ${status.name}`);
    await sleep(LOOK_EVERY_MS);
  }
}
