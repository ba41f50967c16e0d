import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusAnswer } from '../../workflows/messages.js';
import type { Target } from './fault.js';
import { hasEnded } from './outcome.js';
import { advanced, training, type Mark } from './progress.js';
import { until } from './until.js';

/** Waits for a moment at which work is being done: for a fault that needs a training, in the middle of one. */
export async function midWork(target: Target, needs: 'work' | 'training', delayMs: number): Promise<boolean> {
  const { world, name } = target;
  let mark = await world.mark(name);
  const found = await until(`work of ${name}`, 180, async () => {
    if (await hasEnded(world, name)) return 'ended';
    const now = await world.mark(name);
    const isWorking = needs === 'training' ? training(now) !== null : advanced(mark, now);
    if (now.rows < mark.rows) mark = now;
    return isWorking ? 'working' : null;
  });
  if (found === 'ended') return false;
  await sleep(delayMs);
  return needs === 'work' || training(await world.mark(name)) !== null
    ? !(await hasEnded(world, name))
    : midWork(target, needs, delayMs / 2);
}

/**
 * Seconds from `since` (milliseconds since 1970) until more was done than at `mark`, and the exploration answers again.
 * Throws TooLate.
 */
export async function recovered(target: Target, mark: Mark, since: number, seconds: number): Promise<number> {
  const { world, name } = target;
  let at = 0;
  await until(`more work of ${name}`, seconds, async () => {
    if (!advanced(mark, await world.mark(name)) && !(await hasEnded(world, name))) return false;
    at = Date.now();
    return true;
  });
  await until(`an answer of ${name}`, seconds, () => answers(target));
  return (at - since) / 1000;
}

/** A query needs the server and an orchestrator that has replayed the history. */
export async function answers({ world, name }: Target): Promise<boolean> {
  try {
    await world.ask((client) =>
      client.withDeadline(Date.now() + 5000, () =>
        client.workflow.getHandle(`explore/${name}`).query<StatusAnswer | null>('status'),
      ),
    );
    return true;
  } catch {
    return false;
  }
}
