import { hostname } from 'node:os';
import type { Client } from '@temporalio/client';
import { gpuControlQueue } from '../workflows/contract.js';
import { orchestrators, pollersOf } from './pollers.js';

export const WORKER_KINDS = ['orchestrator', 'gpu-worker'] as const;
export type WorkerKind = (typeof WORKER_KINDS)[number];

/** The workers of a kind on this host that the service has heard of in the last two minutes. */
export async function workersHere(
  client: Client,
  kind: WorkerKind,
  gpuClass: string | null,
  host: string = hostname(),
): Promise<readonly string[]> {
  const all =
    kind === 'orchestrator'
      ? await orchestrators(client)
      : await pollersOf(client, gpuControlQueue(gpuClass), 'activities');
  // `pid@host` is the TypeScript SDK's identity, `host:pid (device)` the GPU worker's.
  const isHere = kind === 'orchestrator' ? endsWith(`@${host}`) : startsWith(`${host}:`);
  return all.filter(isHere);
}

const endsWith =
  (end: string) =>
  (text: string): boolean =>
    text.endsWith(end);
const startsWith =
  (start: string) =>
  (text: string): boolean =>
    text.startsWith(start);
