import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceError, WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import { messageOf } from '../../workers/fault.js';
import { untilTaken } from '../../workers/untilTaken.js';
import { workflowIds } from '../../workflows/contract.js';

/** The right answer to who asks too late; not a failure. */
const SEARCH_OVER = /its search is over$/;

/** What became of the questions and acts of a restless person. */
export interface Probed {
  readonly queries: number;
  readonly updates: number;
  /** Of a query or an update, from request to answer. */
  readonly longestMs: number;
  readonly failures: readonly string[];
}

export interface Probe {
  /** Asks no more; resolves when the last answer is there. */
  stop(): Promise<Probed>;
}

export interface ProbePace {
  readonly queryMs: number;
  readonly updateMs: number;
}

/**
 * Asks for the status again and again, and pauses and resumes the exploration again and again, by its workflow id as
 * our commands do for people, whatever run it is in. Begin when the search has begun: then none may fail until the search is over.
 */
export function startProbe(client: Client, name: string, { queryMs, updateMs }: ProbePace): Probe {
  const handle = client.workflow.getHandle(workflowIds.exploration(name));
  const stopping = new AbortController();
  const failures: string[] = [];
  const counts = { query: 0, update: 0 };
  let longestMs = 0;
  const ask = async (kind: keyof typeof counts, what: () => Promise<unknown>): Promise<void> => {
    const began = performance.now();
    try {
      await what();
    } catch (error) {
      const fault = reasonOf(error);
      if (SEARCH_OVER.test(fault)) stopping.abort();
      else failures.push(`${kind} ${String(counts[kind])}: ${fault}`);
    }
    counts[kind] += 1;
    longestMs = Math.max(longestMs, performance.now() - began);
  };
  const repeat = async (everyMs: number, once: () => Promise<void>): Promise<void> => {
    while (!stopping.signal.aborted) {
      await once();
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const loops = [
    repeat(queryMs, () => ask('query', () => handle.query('status'))),
    repeat(updateMs, async () => {
      await ask('update', () => untilTaken(() => handle.executeUpdate('pause', { args: [{}] })));
      await ask('update', () => untilTaken(() => handle.executeUpdate('resume')));
    }),
  ];
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
      return { queries: counts.query, updates: counts.update, longestMs, failures };
    },
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof ServiceError) return `${error.message}: ${messageOf(error.cause)}`;
  return messageOf(error instanceof WorkflowUpdateFailedError ? (error.cause ?? error) : error);
}
