import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, ServiceError } from '@temporalio/client';

/** gRPC's FAILED_PRECONDITION. */
const FAILED_PRECONDITION = 9;
const MOST_TIMES = 20;
const PAUSE_MS = 100;

/**
 * The answer to an update of a workflow. The server drops one that came with a workflow task which it then refuses: a
 * hand-over to a fresh run (continue-as-new) while a report arrived. Nothing of that task has happened, so `ask` is
 * called again, at most 20 times.
 */
export async function untilTaken<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let time = 1; ; time += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!wasDropped(error) || time === MOST_TIMES) throw error;
    }
    await sleep(PAUSE_MS);
  }
}

/** Whether an update was dropped with its workflow task, and has changed nothing. */
export function wasDropped(error: unknown): boolean {
  return (
    error instanceof ServiceError &&
    isGrpcServiceError(error.cause) &&
    error.cause.code === FAILED_PRECONDITION &&
    error.cause.details.includes('unexpected workflow task failure')
  );
}
