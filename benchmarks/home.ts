import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { openStore } from '../activities/store/open.js';
import type { Store } from '../activities/store/store.js';
import type { JsonObject } from '../domain/json.js';
import { startProcess, tailOf, type Program, type Running } from '../workers/childProcess.js';
import { readEnvironment, type Environment } from '../workers/env.js';
import { homeAt, makeHome, type Home } from '../workers/home.js';
import { orchestratorProgram } from '../workers/orchestrator.js';
import { chooseServerAddress, serverAnswers, serverProgram } from '../workers/temporalServer.js';
import { QUEUES, WORKFLOW_TYPES, workflowIds } from '../workflows/contract.js';
import { ended } from './waiting.js';

/** Where the programs of an installation are told to work. */
export interface Place {
  readonly env: Environment;
  readonly home: Home;
  /** Of the server. */
  readonly address: string;
}

/** The embedded installation without keepers, in a home of its own: nothing is restarted, so that a death is a failure. */
export interface BenchHome {
  readonly client: Client;
  readonly store: Store;
  /** Process ids. */
  readonly server: number;
  readonly orchestrator: number;
  readonly workers: number;
  /** Starts an exploration. */
  begin(spec: JsonObject): Promise<void>;
  /** Resolves when the exploration is completed; rejects when it ends otherwise. */
  ended(name: string): Promise<void>;
  /** The same promise, unless a process ends first: then its last words. */
  alive<T>(wanted: Promise<T>): Promise<T>;
  /** Ends all processes and removes the home. */
  close(): Promise<void>;
}

/** @param gpu What serves the GPU queue. @param serverArgs More arguments of the server. */
export async function startHome(
  gpu: (place: Place) => Program,
  serverArgs: readonly string[] = [],
): Promise<BenchHome> {
  const folder = mkdtempSync(join(tmpdir(), 'lamdagent-bench-'));
  const store = join(folder, 'store');
  const own = readEnvironment();
  const env: Environment = { ...own, home: folder, store, cache: join(folder, 'cache'), device: 'cpu' };
  const home = homeAt(folder);
  makeHome(home);
  const address = await chooseServerAddress({ ...env, port: null, uiPort: null }, home);
  const plain = serverProgram(env, home, address);
  const programs = [
    { ...plain, args: [...plain.args, ...serverArgs] },
    orchestratorProgram(env, home, address.address),
    gpu({ env, home, address: address.address }),
  ];
  const running = programs.map(startProcess);
  const death = failed(programs, running);
  death.catch(() => undefined); // Told to whoever waits for something.
  const endAll = async (): Promise<void> => {
    for (const one of [...running].reverse()) await one.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  await Promise.race([serverAnswers(address, new AbortController().signal), death]).catch(
    async (error: unknown) => {
      await endAll();
      throw error;
    },
  );
  const connection = await Connection.connect({ address: address.address });
  const client = new Client({ connection });
  const [server = 0, orchestrator = 0, workers = 0] = running.map(pidOf);
  return {
    ...{ client, server, orchestrator, workers, store: openStore(env.store, env.cache) },
    begin: async (spec) => {
      const workflowId = workflowIds.exploration(String(spec['name']));
      const start = { taskQueue: QUEUES.orchestrator, workflowId, args: [spec] };
      await client.workflow.start(WORKFLOW_TYPES.explore, start);
    },
    ended: (name) => Promise.race([ended(client, name), death]),
    alive: (wanted) => Promise.race([wanted, death]),
    close: async () => {
      await connection.close();
      await endAll();
    },
  };
}

function pidOf({ identity }: Running): number {
  if (identity === null) throw new Error('home: expected its processes to run, but one ended at once.');
  return identity.pid;
}

/** Nothing dies here by intent. */
async function failed(programs: readonly Program[], running: readonly Running[]): Promise<never> {
  const first = await Promise.race(running.map(async ({ ended: end }, index) => ({ how: await end, index })));
  const { name = '', logFile = null } = programs[first.index] ?? {};
  const words = logFile === null ? '' : `\n${tailOf(logFile)}`;
  throw new Error(`home: expected all processes to run, but ${name} ended (${first.how}).${words}`);
}
