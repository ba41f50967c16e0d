import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { loadPointer } from '../../activities/ledger/read.js';
import { createFolderStore } from '../../activities/store/folder.js';
import { keys } from '../../activities/store/keys.js';
import type { Store } from '../../activities/store/store.js';
import type { JsonObject } from '../../domain/json.js';
import type { Program } from '../../workers/childProcess.js';
import { readEnvironment, type Environment } from '../../workers/env.js';
import { gpuWorkerProgram } from '../../workers/gpuWorker.js';
import { homeAt, makeHome, type Home } from '../../workers/home.js';
import { orchestratorProgram } from '../../workers/orchestrator.js';
import {
  chooseServerAddress,
  serverAnswers,
  serverProgram,
  type ServerAddress,
} from '../../workers/temporalServer.js';
import { QUEUES, WORKFLOW_TYPES, workflowIds } from '../../workflows/contract.js';
import { openFailpoints, type Failpoints } from './failpoints.js';
import { keepProgram, type Kept } from './kept.js';
import { namesIn, readPaces, type Mark } from './progress.js';
import { startProxy, type Proxy } from './proxy.js';

/** A continue-as-new every few trials, so that kills meet it with trials in flight. */
export const SUGGESTED_EVENTS = 80;
const SERVER_OPTIONS = [
  '--dynamic-config-value',
  `limit.historyCount.suggestContinueAsNew=${String(SUGGESTED_EVENTS)}`,
];

export interface WorldOptions {
  readonly say: (line: string) => void;
  /** The root of the package that its processes run. */
  readonly code: string;
}

/** An embedded installation of its own: real processes, each under a keeper that starts it again at once. */
export interface World {
  readonly env: Environment;
  readonly home: Home;
  readonly store: Store;
  /** The local folder of the first GPU worker: its checkpoints lie there. */
  readonly localRoot: string;
  readonly server: Kept;
  readonly orchestrator: Kept;
  readonly gpuWorker: Kept;
  readonly proxy: Proxy;
  readonly failpoints: Failpoints;
  readonly say: (line: string) => void;
  /** Asks the server directly, again and again while it is away. */
  ask<T>(question: (client: Client) => Promise<T>): Promise<T>;
  /** Starts an exploration from plain JSON. */
  begin(spec: JsonObject): Promise<void>;
  /** A GPU worker more, on the same store. */
  moreGpuWorkers(name: string): Kept;
  /** The root of the package that the orchestrator runs from its next start on; null: the one it began with. */
  useCode(root: string | null): void;
  mark(name: string): Promise<Mark>;
  /** What a process has written to its log. */
  logOf(name: string): string;
  /** `lamdagent <args>` in this home; its standard output. */
  cli(...args: readonly string[]): Promise<string>;
  /** Stops everything; removes the home unless it is to be looked at. */
  close(keepFolder: boolean): Promise<void>;
}

/** Resolves when the server answers; the workers connect by themselves. */
export async function startWorld(options: WorldOptions): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'lamdagent-kill-'));
  const env = environmentOf(folder);
  const code = { root: options.code };
  const home = homeAt(folder);
  makeHome(home);
  const failpoints = openFailpoints(join(folder, 'failpoints'));
  const address = await chooseServerAddress(env, home);
  const proxy = await startProxy(address.address);
  const more = {
    LAMDAGENT_FAILPOINTS: failpoints.folder,
    LAMDAGENT_VENV: env.venv,
    PYTHONPATH: join(options.code, 'python-gpu'),
  };
  const kept = programsOf({ env, home, address, proxy, more, code, say: options.say });
  for (const one of [kept.server, kept.orchestrator, kept.gpuWorker]) one.start();
  await serverAnswers(address, new AbortController().signal);
  const connection = await Connection.connect({ address: address.address });
  const client = new Client({ connection });
  const store = createFolderStore(env.store);
  const extra: Kept[] = [];
  const world: World = {
    ...{ env, home, store, localRoot: env.store, proxy, failpoints, say: options.say },
    ...{ server: kept.server, orchestrator: kept.orchestrator, gpuWorker: kept.gpuWorker },
    ask: (question) => patiently(() => question(client)),
    begin: async (spec) => {
      const workflowId = workflowIds.exploration(String(spec['name']));
      await client.workflow.start(WORKFLOW_TYPES.explore, {
        ...{ taskQueue: QUEUES.orchestrator, workflowId, args: [spec] },
      });
    },
    useCode: (root) => {
      code.root = root ?? options.code;
    },
    moreGpuWorkers: (name) => {
      const one = keepProgram(() => kept.gpuProgram(name), options.say);
      one.start();
      extra.push(one);
      return one;
    },
    mark: async (name) => ({
      rows: await rowsOf(store, name),
      objects: (await namesIn(join(env.store, 'objects'))).length,
      paces: await readPaces([env.store]),
    }),
    logOf: (named) => (existsSync(home.log(named)) ? readFileSync(home.log(named), 'utf8') : ''),
    cli: async (...args) => {
      const variables = { ...process.env, LAMDAGENT_HOME: folder, LAMDAGENT_VENV: env.venv };
      const bin = join(options.code, 'bin', 'lamdagent.mjs');
      const found = await promisify(execFile)(process.execPath, [bin, ...args], { env: variables });
      return found.stdout;
    },
    close: async (keepFolder) => {
      await connection.close();
      await Promise.all([...extra, kept.gpuWorker].map((one) => one.stop()));
      await kept.orchestrator.stop();
      await kept.server.stop();
      await proxy.close();
      if (!keepFolder) rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}

function environmentOf(home: string): Environment {
  const { PATH } = process.env;
  return readEnvironment({ LAMDAGENT_HOME: home, LAMDAGENT_DEVICE: 'cpu', PATH });
}

interface Parts {
  readonly env: Environment;
  readonly home: Home;
  readonly address: ServerAddress;
  readonly proxy: Proxy;
  readonly more: Readonly<Record<string, string>>;
  readonly code: { readonly root: string };
  readonly say: (line: string) => void;
}

function programsOf({ env, home, address, proxy, more, code, say }: Parts) {
  const server = (): Program => {
    const program = serverProgram(env, home, address);
    return { ...program, args: [...program.args, ...SERVER_OPTIONS] };
  };
  const orchestrator = (): Program => {
    const program = orchestratorProgram({ ...env, root: code.root }, home, proxy.address);
    return { ...program, env: { ...program.env, ...more } };
  };
  const gpuProgram = (name?: string): Program => {
    const program = gpuWorkerProgram(env, home, proxy.address);
    const named = name === undefined ? {} : { name, logFile: home.log(name.replaceAll(' ', '-')) };
    return { ...program, ...named, env: { ...program.env, ...more } };
  };
  return {
    server: keepProgram(server, say),
    orchestrator: keepProgram(orchestrator, say),
    gpuWorker: keepProgram(() => gpuProgram(), say),
    gpuProgram,
  };
}

async function rowsOf(store: Store, name: string): Promise<number> {
  const pointer = await loadPointer(store, name);
  return pointer === null ? 0 : (await store.list(keys.rows(pointer.explorationId))).length;
}

const PATIENCE_MS = 60_000;

/** The server may be down at this very moment. */
async function patiently<T>(question: () => Promise<T>): Promise<T> {
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
