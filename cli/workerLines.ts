import { loadExploration } from '../activities/ledger/read.js';
import { stateOf } from '../activities/ledger/views.js';
import { classNames } from '../domain/gpuClass.js';
import { connectTo, findService } from '../workers/connect.js';
import { polledClasses, startAdvice, type Polled } from '../workers/pollers.js';
import type { Context } from './context.js';

const ANSWER_MS = 1500;

/** The workers of each class that a running exploration may need; null where it has ended or no service answers. */
export async function workersOf({ env, store }: Context, name: string): Promise<readonly Polled[] | null> {
  const found = await loadExploration(store, name);
  if (found === null || stateOf(found) !== 'running') return null;
  try {
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
