import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { createDecide } from '../activities/decide/decide.js';
import { createOpenLlm } from '../activities/decide/openLlm.js';
import { PUBLIC_HUB, type HubAccess } from '../activities/hub/access.js';
import { createFailpoints } from '../activities/failpoints.js';
import { createLedgerActivities } from '../activities/ledger/activities.js';
import { createFinalActivities } from '../activities/ledger/final.js';
import { createCollector } from '../activities/retention/automatic.js';
import { writeReport } from '../activities/report/write.js';
import { createScaleActivities } from '../activities/scale/activities.js';
import { createServiceActivities } from '../activities/service/service.js';
import { createPrepare } from '../activities/spec/prepare.js';
import { createSteeringActivities } from '../activities/steering/steering.js';
import { openStore } from '../activities/store/open.js';
import type { OrchestratorActivities, StoreActivities } from '../workflows/activities.js';
import { createEmbeddedLlm, type EmbeddedLlm } from './embeddedLlm.js';
import type { Environment } from './env.js';
import { homeAt, reportFile } from './home.js';
import { withSignsOfLife } from './signsOfLife.js';

export interface Composed {
  readonly activities: OrchestratorActivities & StoreActivities;
  close(): Promise<void>;
}

/** All activities of the orchestrator over what they depend on: the store, the service, the LLM. */
export function composeActivities(options: {
  readonly env: Environment;
  readonly client: Client;
  readonly warn: (line: string) => void;
}): Composed {
  const { env, client, warn } = options;
  const store = openStore(env.store, env.cache);
  const reach = createFailpoints(env.failpoints);
  const llm = embeddedLlmOf(env, warn);
  const embedded = llm === null ? null : () => llm.open();
  const report = async (name: string): Promise<void> => {
    await writeReport(store, name, reportFile(homeAt(env.home), name));
  };
  const ledger = createLedgerActivities({ store, reach });
  const decide = createDecide({ store, reach, openLlm: createOpenLlm({ apiKey: env.openAiKey, embedded }) });
  const { storeBudgetBytes: budgetBytes, storeGraceMs: graceMs } = env;
  const collector = createCollector({ store, budgetBytes, graceMs, warn });
  return {
    activities: {
      // Too short for signs of life.
      ...ledger,
      record: async (input) => {
        await ledger.record(input);
        collector.nudge();
      },
      ...withSignsOfLife({
        prepare: createPrepare({ store, hub: hubOf(env) }),
        decide,
        ...createSteeringActivities(store),
        ...createFinalActivities({ store, writeReport: (name) => report(name) }),
        ...createScaleActivities({ store, writeReport: (name) => report(name) }),
        ...createServiceActivities({ client, warn }),
      }),
    },
    close: async () => {
      await collector.close();
      await llm?.stop();
    },
  };
}

function hubOf({ hubEndpoint: endpoint, hubToken: token, cache }: Environment): HubAccess {
  return { ...PUBLIC_HUB, endpoint, token, folder: join(cache, 'hub') };
}

/** Runs only when a spec names it; where there is no Python environment it can't. */
function embeddedLlmOf(env: Environment, say: (line: string) => void): EmbeddedLlm | null {
  const python = join(env.venv, 'bin', 'python');
  return existsSync(python) ? createEmbeddedLlm({ python, root: env.root, say }) : null;
}
