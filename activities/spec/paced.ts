import { setImmediate } from 'node:timers/promises';

/** Does long work in its steps; between them the process does whatever else waits, heartbeats among it. */
export async function paced<T>(work: Generator<undefined, T, undefined>): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    await setImmediate();
  }
}
