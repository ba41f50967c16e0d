import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusAnswer } from '../../workflows/messages.js';
import type { Target } from './fault.js';
import { hasEnded } from './outcome.js';
import { advanced, training, type Mark } from './progress.js';
import { until } from './until.js';

/** The last scorings and the conclusion train nothing; through a store that fails now and then they take minutes. */
const LONGEST_END_SECONDS = 900;

/**
 * Waits for a moment at which work is being done, `delayMs` after it was seen; for a fault that needs a training, one at
 * which a step was made. False: the exploration ended.
 */
export async function midWork(target: Target, needs: 'work' | 'training', delayMs: number): Promise<boolean> {
  const { world, name } = target;
  const before = await world.mark(name);
  const isWorking = async (): Promise<boolean> => {
    const now = await world.mark(name);
    return needs === 'training' ? training(now) !== null : advanced(before, now) || training(now) !== null;
  };
  const ended = (): Promise<boolean> => hasEnded(world, name);
  await until(`work of ${name}`, LONGEST_END_SECONDS, async () => (await isWorking()) || (await ended()));
  await sleep(delayMs);
  if (await ended()) return false;
  return needs === 'work' || training(await world.mark(name)) !== null || midWork(target, needs, delayMs / 2);
}

/**
 * Seconds from `since` (milliseconds since 1970) until more was done than at `mark`, and the exploration answers again.
 * Throws TooLate.
 */
export async function recovered(target: Target, mark: Mark, since: number): Promise<number> {
  const { world, name } = target;
  await until(
    `more work of ${name}`,
    target.patienceSeconds,
    async () => advanced(mark, await world.mark(name)) || (await hasEnded(world, name)),
  );
  await until(`an answer of ${name}`, target.patienceSeconds, () => answers(target));
  return (Date.now() - since) / 1000;
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
