import type { Client } from '@temporalio/client';
import { listNames, loadExploration } from '../activities/ledger/read.js';
import { stateOf } from '../activities/ledger/views.js';
import type { Spec } from '../activities/spec/schema.js';
import { openStore } from '../activities/store/open.js';
import type { Store } from '../activities/store/store.js';
import { classNames } from '../domain/gpuClass.js';
import { workflowIds } from '../workflows/contract.js';
import { connectTo, findService } from './connect.js';
import type { Finding } from './doctor.js';
import type { Environment } from './env.js';
import { classTitle, polledClasses, startAdvice } from './pollers.js';

const ANSWER_MS = 1500;

/**
 * Whether each class of GPU workers that a running exploration, or one that is to run, needs has a worker. Empty where no
 * service answers.
 */
export async function workerFindings(
  env: Environment,
  spec: Spec | null = null,
): Promise<readonly Finding[]> {
  const client = await findService(env)
    .then((service) => connectTo(service, ANSWER_MS))
    .catch(() => null);
  if (client === null) return [];
  try {
    const running = await neededClasses(openStore(env.store, env.cache), client);
    const needed = spec === null ? running : withSpec(running, spec);
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

/** And those of a spec. */
function withSpec(
  needed: ReadonlyMap<string | null, readonly string[]>,
  { name, workers }: Spec,
): ReadonlyMap<string | null, readonly string[]> {
  const classes = workers === undefined ? [null] : Object.keys(workers.classes);
  const wanted = classes.map((one) => [one, [...new Set([...(needed.get(one) ?? []), name])]] as const);
  return new Map([...needed, ...wanted]);
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
