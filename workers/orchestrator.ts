/** The orchestrator process: `node dist/workers/orchestrator.js [--address HOST:PORT] [--namespace NAME]`; else TEMPORAL_* and profiles. */
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { toCanonicalString, type Logger } from '@temporalio/common';
import { NativeConnection, Worker, type NativeConnectionOptions } from '@temporalio/worker';
import { QUEUES } from '../workflows/contract.js';
import { composeActivities } from './activities.js';
import type { Program } from './childProcess.js';
import { deploymentOptions } from './deployment.js';
import { serviceWith, type Service } from './connect.js';
import { readEnvironment, storeNeeds, type Environment } from './env.js';
import { EXIT, messageOf, UserFault } from './fault.js';
import type { Home } from './home.js';
import { watchParent } from './parent.js';
import { installRuntime } from './telemetry.js';

/** Time for activities in flight to end after a signal. */
const GRACE = '5 seconds';
const FORCE = '10 seconds';

/** The orchestrator of an embedded installation. */
export function orchestratorProgram(env: Environment, home: Home, address: string): Program {
  return {
    ...program(env, ['--address', address]),
    needs: ['llm', 'hub', ...storeNeeds(env)],
    logFile: home.log('orchestrator'),
  };
}

/** Options of an orchestrator in the foreground, as its command line has them. */
export interface OrchestratorOptions {
  readonly address?: string;
  readonly namespace?: string;
  readonly store?: string;
  readonly cache?: string;
}

/** The orchestrator of a fleet: for the service of `--address`, else of TEMPORAL_* or the profile; versioned where asked. */
export function foregroundOrchestrator(env: Environment, options: OrchestratorOptions): Program {
  const { store = env.store, cache = env.cache, address, namespace } = options;
  const named = Object.entries({ '--address': address, '--namespace': namespace });
  const common = program(
    { ...env, store, cache },
    named.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])),
  );
  const versions = { LAMDAGENT_DEPLOYMENT: env.deployment, LAMDAGENT_BUILD_ID: env.buildId };
  const asked = Object.entries(versions).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
  return {
    ...common,
    env: { ...common.env, ...Object.fromEntries(asked) },
    needs: ['llm', 'hub', 'temporal', ...storeNeeds({ store })],
    logFile: null,
    lastCodes: [EXIT.ok, EXIT.usage],
  };
}

function program(env: Environment, args: readonly string[]): Omit<Program, 'logFile'> {
  return {
    name: 'orchestrator',
    command: process.execPath,
    args: ['--enable-source-maps', join(env.root, 'dist/workers/orchestrator.js'), ...args],
    env: { LAMDAGENT_HOME: env.home, LAMDAGENT_STORE: env.store, LAMDAGENT_CACHE: env.cache },
    graceMs: 12_000,
  };
}

async function main(): Promise<void> {
  const env = readEnvironment();
  const { values } = parseArgs({ options: { address: { type: 'string' }, namespace: { type: 'string' } } });
  const service = serviceWith(values);
  const codePath = join(env.root, 'dist/workflow-bundle.js');
  const versioning = deploymentOptions(env, codePath);
  const logger = installRuntime(env);
  const connection = await patiently(service, logger);
  const client = new Client({
    connection: await Connection.connect(service.connection),
    namespace: service.namespace,
  });
  const composed = composeActivities({
    env,
    client,
    warn: (line) => {
      logger.warn(line);
    },
  });
  const worker = await Worker.create({
    connection,
    namespace: service.namespace,
    taskQueue: QUEUES.orchestrator,
    workflowBundle: { codePath },
    ...versioning,
    activities: composed.activities,
    shutdownGraceTime: GRACE,
    shutdownForceTime: FORCE,
  });
  const stop = (): void => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  watchParent(env.parentPid, stop);
  const version = versioning.workerDeploymentOptions?.version;
  const build = version === undefined ? '' : ` build=${toCanonicalString(version)}`;
  logger.info(`ready queue=${QUEUES.orchestrator} address=${service.address} store=${env.store}${build}`);
  await worker.run().finally(() => composed.close());
  await connection.close();
}

/** Waits for as long as the service is away: whoever starts both need not order them. */
async function patiently(service: Service, logger: Logger): Promise<NativeConnection> {
  for (let told = false; ; told = true) {
    try {
      return await NativeConnection.connect(service.connection as NativeConnectionOptions);
    } catch (error) {
      if (!told)
        logger.warn(`Temporal at ${service.address} does not answer yet (${messageOf(error)}); waiting`);
      await sleep(100);
    }
  }
}

if (process.argv[1] === import.meta.filename) {
  main().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error instanceof UserFault ? error.message : error);
      process.exit(error instanceof UserFault ? error.exitCode : 1);
    },
  );
}
