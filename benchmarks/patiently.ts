import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';

const PAUSE_MS = 500;

/** As Temporal does: what is worth another try is tried again. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ApplicationFailure) || error.nonRetryable === true) throw error;
      console.error(error.message);
      await sleep(PAUSE_MS);
    }
  }
}
