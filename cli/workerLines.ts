import type { StoredExploration } from '../activities/ledger/read.js';
import { stateOf } from '../activities/ledger/views.js';
import { classNames } from '../domain/gpuClass.js';
import { polledClasses, startAdvice, type Polled } from '../workers/pollers.js';
import type { Context } from './context.js';

const ANSWER_MS = 1500;

/**
 * The workers of each class that a running exploration may need; null where it has ended or no service answers. The
 * client's code takes longer to load than the whole status, so it is loaded only to ask.
 */
export async function workersOf(
  { env }: Context,
  found: StoredExploration,
): Promise<readonly Polled[] | null> {
  if (stateOf(found) !== 'running') return null;
  try {
    const { connectTo, findService } = await import('../workers/connect.js');
    const client = await connectTo(await findService(env), ANSWER_MS);
    try {
      return await polledClasses(client, classNames(found.plan.workers));
    } finally {
      await client.connection.close();
    }
  } catch {
    return null; // the status needs no service
  }
}

export function workerLines(polled: readonly Polled[] | null): readonly string[] {
  return (polled ?? []).map(({ gpuClass, workers }) => {
    const of = gpuClass === null ? '' : `class ${gpuClass}: `;
    const found = workers.length > 0 ? workers.join('; ') : `none. ${startAdvice(gpuClass)}`;
    return `workers     ${of}${found}`;
  });
}
