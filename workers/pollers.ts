import type { Client } from '@temporalio/client';
import { gpuControlQueue, QUEUES } from '../workflows/contract.js';

/** The GPU workers of one class that the service has heard of lately. */
export interface Polled {
  /** null: workers without a class. */
  readonly gpuClass: string | null;
  /** `host:pid (device)`, sorted. */
  readonly workers: readonly string[];
}

/** A worker asks the service at least each minute; the service itself remembers those that are gone for some minutes. */
const SILENT_MS = 120_000;
// temporal.api.enums.v1: TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY
const TYPES = { workflows: 1, activities: 2 } as const;

/** By class. The control queue is asked about, since a busy worker does not poll the queue of its work. */
export async function polledClasses(
  client: Client,
  classes: readonly (string | null)[],
): Promise<readonly Polled[]> {
  return Promise.all(
    classes.map(async (gpuClass) => ({
      gpuClass,
      workers: await pollersOf(client, gpuControlQueue(gpuClass), 'activities'),
    })),
  );
}

/** The orchestrators that the service has heard of lately, sorted. */
export async function orchestrators(client: Client): Promise<readonly string[]> {
  return pollersOf(client, QUEUES.orchestrator, 'workflows');
}

/** Who asked for work of the queue lately, by identity, sorted. */
export async function pollersOf(
  client: Client,
  queue: string,
  work: keyof typeof TYPES,
): Promise<readonly string[]> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: queue },
    taskQueueType: TYPES[work],
  });
  const heard = (pollers ?? []).filter(
    ({ lastAccessTime }) => Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000 < SILENT_MS,
  );
  return [...new Set(heard.map(({ identity }) => identity ?? 'unknown'))].sort();
}

/** `GPU workers`, or `GPU workers of class large`. */
export function classTitle(gpuClass: string | null): string {
  return gpuClass === null ? 'GPU workers' : `GPU workers of class ${gpuClass}`;
}

/** How to get one. */
export function startAdvice(gpuClass: string | null): string {
  const command = gpuClass === null ? '' : ` --gpu-class ${gpuClass}`;
  return `Start one where it can reach the service and the store: npx lamdagent gpu-worker${command}`;
}
