import { Context } from '@temporalio/activity';

const BEAT_MS = 3000;

/**
 * The same activities, each with a heartbeat every few seconds: when the orchestrator dies in the middle of one, the
 * server finds out within the heartbeat timeout (workflows/contract.ts), not after the whole time the work may take.
 */
export function withSignsOfLife<T extends object>(activities: T): T {
  const beating = Object.entries(activities).map(([name, activity]) => [
    name,
    (...args: readonly unknown[]) => beatingWhile(() => (activity as Activity)(...args)),
  ]);
  return Object.fromEntries(beating) as T;
}

type Activity = (...args: readonly unknown[]) => Promise<unknown>;

async function beatingWhile(work: () => Promise<unknown>): Promise<unknown> {
  const context = Context.current();
  const timer = setInterval(() => {
    context.heartbeat();
  }, BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
