import type { Client } from '@temporalio/client';
import { listNames, loadExploration } from '../activities/ledger/read.js';
import { stateOf } from '../activities/ledger/views.js';
import { openStore } from '../activities/store/open.js';
import type { Store } from '../activities/store/store.js';
import { classNames } from '../domain/gpuClass.js';
import { workflowIds } from '../workflows/contract.js';
import { connectTo, findService } from './connect.js';
import type { Finding } from './doctor.js';
import type { Environment } from './env.js';
import { classTitle, polledClasses, startAdvice } from './pollers.js';

const ANSWER_MS = 1500;

/** Whether each class of GPU workers that a running exploration needs has a worker. Empty where no service answers. */
export async function workerFindings(env: Environment): Promise<readonly Finding[]> {
  const client = await findService(env)
    .then((service) => connectTo(service, ANSWER_MS))
    .catch(() => null);
  if (client === null) return [];
  try {
    const needed = await neededClasses(openStore(env.store, env.cache), client);
    const classes = needed.size === 0 ? [null] : [...needed.keys()];
    const polled = await polledClasses(client, classes);
    return polled.map(({ gpuClass, workers }) => {
      const wanted = needed.get(gpuClass) ?? [];
      const none = wanted.length === 0 ? 'none' : `none, and ${wanted.join(', ')} may need one`;
      return {
        check: classTitle(gpuClass),
        ok: workers.length > 0 || wanted.length === 0,
        found: workers.length > 0 ? workers.join('; ') : none,
        fix: `${startAdvice(gpuClass)}.`,
      };
    });
  } finally {
    await client.connection.close();
  }
}

/** The classes that running explorations may send work to, with their names. What the store calls running may be gone. */
async function neededClasses(store: Store, client: Client): Promise<Map<string | null, string[]>> {
  const needed = new Map<string | null, string[]>();
  for (const name of await listNames(store).catch(() => [])) {
    const found = await loadExploration(store, name).catch(() => null);
    if (found === null || stateOf(found) !== 'running' || !(await runs(client, name))) continue;
    for (const gpuClass of classNames(found.plan.workers))
      needed.set(gpuClass, [...(needed.get(gpuClass) ?? []), name]);
  }
  return needed;
}

async function runs(client: Client, name: string): Promise<boolean> {
  const description = await client.workflow
    .getHandle(workflowIds.exploration(name))
    .describe()
    .catch(() => null);
  return description?.status.name === 'RUNNING';
}
