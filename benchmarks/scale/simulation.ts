import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { openStore } from '../../activities/store/open.js';
import type { Store } from '../../activities/store/store.js';
import type { JsonObject } from '../../domain/json.js';
import { startProcess, type Program, type Running } from '../../workers/childProcess.js';
import { readEnvironment, type Environment } from '../../workers/env.js';
import { homeAt, makeHome, type Home } from '../../workers/home.js';
import { orchestratorProgram } from '../../workers/orchestrator.js';
import { chooseServerAddress, serverAnswers, serverProgram } from '../../workers/temporalServer.js';
import { QUEUES, WORKFLOW_TYPES, workflowIds } from '../../workflows/contract.js';
import { ended } from './waiting.js';
import type { Seconds } from './simulatedGpu.js';

export interface SimulationOptions {
  readonly workers: number;
  readonly build: Seconds;
  readonly evaluate: Seconds;
}

/** The embedded installation with simulated GPU workers in place of the GPU worker, in a home of its own. */
export interface Simulation {
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
  /** Ends all processes and removes the home. */
  close(): Promise<void>;
}

export async function startSimulation(options: SimulationOptions): Promise<Simulation> {
  const folder = mkdtempSync(join(tmpdir(), 'lamdagent-scale-'));
  const own = readEnvironment();
  const env: Environment = {
    ...own,
    home: folder,
    store: join(folder, 'store'),
    cache: join(folder, 'cache'),
  };
  const home = homeAt(folder);
  makeHome(home);
  const address = await chooseServerAddress({ ...env, port: null, uiPort: null }, home);
  const programs = [
    serverProgram(env, home, address),
    orchestratorProgram(env, home, address.address),
    workersProgram({ env, home, address: address.address }, options),
  ];
  const running = programs.map(startProcess);
  await serverAnswers(address, new AbortController().signal);
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
    ended: (name) => Promise.race([ended(client, name), failed(programs, running)]),
    close: async () => {
      await connection.close();
      for (const one of [...running].reverse()) await one.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Place {
  readonly env: Environment;
  readonly home: Home;
  readonly address: string;
}

function workersProgram({ env, home, address }: Place, options: SimulationOptions): Program {
  const { workers, build, evaluate } = options;
  const values = { address, store: env.store, workers: String(workers) };
  const given = { ...values, build: build.join(','), evaluate: evaluate.join(',') };
  return {
    name: 'simulated GPU workers',
    command: process.execPath,
    args: [
      ...['--import', 'tsx', join(env.root, 'benchmarks/scale/workers.ts')],
      ...Object.entries(given).flatMap(([name, value]) => [`--${name}`, value]),
    ],
    env: {},
    logFile: home.log('workers'),
    graceMs: 10_000,
  };
}

function pidOf({ identity }: Running): number {
  if (identity === null) throw new Error('simulation: expected its processes to run, but one ended at once.');
  return identity.pid;
}

/** Nothing dies here by intent. */
async function failed(programs: readonly Program[], running: readonly Running[]): Promise<never> {
  const first = running.map(async ({ ended: end }, index) => `${programs[index]?.name ?? ''}: ${await end}`);
  throw new Error(`simulation: expected all processes to run, but one ended. ${await Promise.race(first)}`);
}
