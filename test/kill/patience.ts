import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 60_000;

/** Asks the server again and again while it is away: it may be down at this very moment. */
export async function patiently<T>(question: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await question();
    } catch (error) {
      if (performance.now() > deadline || !isAway(error)) throw error;
      await sleep(100);
    }
  }
}

/** gRPC's codes: 1 cancelled, 4 deadline exceeded, 13 internal, 14 unavailable. */
function isAway(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause)
    if ('code' in one && [1, 4, 13, 14].includes(Number(one.code))) return true;
  return false;
}
