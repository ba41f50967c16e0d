import { setTimeout as sleep } from 'node:timers/promises';

/** What was waited for did not come in time. */
export class TooLate extends Error {}

/** Polls until `look` finds something (not null, undefined or false); throws TooLate after `seconds`. */
export async function until<T>(
  what: string,
  seconds: number,
  look: () => T | Promise<T>,
): Promise<Exclude<T, null | undefined | false>> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false)
      return found as Exclude<T, null | undefined | false>;
    if (performance.now() > deadline)
      throw new TooLate(`${what}: expected within ${String(seconds)} s, got nothing`);
    await sleep(25);
  }
}
