import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { loadPointer } from '../../activities/ledger/read.js';
import { keys } from '../../activities/store/keys.js';
import { openStore } from '../../activities/store/open.js';
import { isS3 } from '../../activities/store/s3Location.js';
import type { Store } from '../../activities/store/store.js';
import type { JsonObject } from '../../domain/json.js';
import { readEnvironment, type Environment } from '../../workers/env.js';
import { homeAt, makeHome, type Home } from '../../workers/home.js';
import { chooseServerAddress, serverAnswers } from '../../workers/temporalServer.js';
import { QUEUES, WORKFLOW_TYPES, workflowIds } from '../../workflows/contract.js';
import { openFailpoints, type Failpoints } from './failpoints.js';
import { keepProgram, type Kept } from './kept.js';
import { patiently } from './patience.js';
import { cacheOf, programsIn } from './programs.js';
import { namesIn, readPaces, type Mark } from './progress.js';
import { startProxy, type Proxy } from './proxy.js';

export interface WorldOptions {
  /** Hears what the keepers say. */
  readonly say: (line: string) => void;
  /** The root of the package that its processes run. */
  readonly code: string;
  /** `s3://bucket/prefix` and the AWS variables of the workers; default: a folder of the home. */
  readonly s3?: { readonly location: string; readonly variables: Readonly<Record<string, string>> };
  /** Default: 1. */
  readonly gpuWorkers?: number;
}

/** An installation of its own: real processes, each under a keeper that starts it again at once. */
export interface World {
  readonly env: Environment;
  readonly home: Home;
  readonly store: Store;
  readonly server: Kept;
  readonly orchestrator: Kept;
  /** The first of them. */
  readonly gpuWorker: Kept;
  readonly gpuWorkers: readonly Kept[];
  /** The folder with the first GPU worker's checkpoints. */
  readonly localRoot: string;
  readonly proxy: Proxy;
  readonly failpoints: Failpoints;
  /** Asks the server directly, again and again while it is away. */
  ask<T>(question: (client: Client) => Promise<T>): Promise<T>;
  /** Starts an exploration from plain JSON. */
  begin(spec: JsonObject): Promise<void>;
  /** A GPU worker more, on the same store. */
  oneMoreGpuWorker(): Kept;
  /** Stops a GPU worker for good: no fault can strike it any more. */
  dismiss(worker: Kept): Promise<void>;
  /** The root of the package that the orchestrator runs from its next start on; null: the one it began with. */
  useCode(root: string | null): void;
  mark(name: string): Promise<Mark>;
  /** What a process has written to its log. */
  logOf(process: Kept): string;
  /** `lamdagent <args>` in this home; its standard output. */
  cli(...args: readonly string[]): Promise<string>;
  /** Stops everything; removes the home unless it is to be looked at. */
  close(keepFolder: boolean): Promise<void>;
}

/** Resolves when the server answers; the workers connect by themselves. */
export async function startWorld(options: WorldOptions): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'lamdagent-kill-'));
  const env = environmentOf(folder, options);
  const home = homeAt(folder);
  makeHome(home);
  const failpoints = openFailpoints(join(folder, 'failpoints'));
  const address = await chooseServerAddress(env, home);
  const proxy = await startProxy(address.address);
  const variables = {
    LAMDAGENT_FAILPOINTS: failpoints.folder,
    LAMDAGENT_VENV: env.venv,
    PYTHONPATH: join(options.code, 'python-gpu'),
    ...options.s3?.variables,
  };
  const programs = programsIn({ env, home, address, workersAddress: proxy.address, variables });
  let code = options.code;
  const keep = (program: () => ReturnType<typeof programs.server>): Kept => {
    const kept = keepProgram(program, options.say);
    kept.start();
    return kept;
  };
  const server = keep(programs.server);
  const orchestrator = keep(() => programs.orchestrator(code));
  const gpuWorkers: Kept[] = [];
  const caches: string[] = [];
  const oneMoreGpuWorker = (): Kept => {
    const name = `gpu-worker-${String(caches.length + 1)}`;
    caches.push(cacheOf(home, name));
    const kept = keep(() => programs.gpuWorker(name));
    gpuWorkers.push(kept);
    return kept;
  };
  const gpuWorker = oneMoreGpuWorker();
  while (gpuWorkers.length < (options.gpuWorkers ?? 1)) oneMoreGpuWorker();
  await serverAnswers(address, new AbortController().signal);
  const connection = await Connection.connect({ address: address.address });
  const client = new Client({ connection });
  const store = openStore(env.store, env.cache);
  const localRoots = (): readonly string[] => (isS3(env.store) ? caches : [env.store]);
  return {
    ...{ env, home, store, server, orchestrator, gpuWorker, gpuWorkers, oneMoreGpuWorker },
    ...{ proxy, failpoints },
    localRoot: localRoots()[0] ?? env.store,
    dismiss: async (worker) => {
      gpuWorkers.splice(gpuWorkers.indexOf(worker), 1);
      await worker.stop();
    },
    ask: (question) => patiently(() => question(client)),
    begin: async (spec) => {
      const workflowId = workflowIds.exploration(String(spec['name']));
      const start = { taskQueue: QUEUES.orchestrator, workflowId, args: [spec] };
      await client.workflow.start(WORKFLOW_TYPES.explore, start);
    },
    useCode: (root) => {
      code = root ?? options.code;
    },
    mark: async (name) => ({
      rows: await rowsOf(store, name),
      objects: isS3(env.store) ? 0 : (await namesIn(join(env.store, 'objects'))).length,
      paces: await readPaces(localRoots()),
    }),
    logOf: ({ name }) => (existsSync(home.log(name)) ? readFileSync(home.log(name), 'utf8') : ''),
    cli: async (...args) => {
      const own = { LAMDAGENT_HOME: folder, LAMDAGENT_VENV: env.venv, LAMDAGENT_STORE: env.store };
      const bin = join(options.code, 'bin', 'lamdagent.mjs');
      const run = promisify(execFile)(process.execPath, [bin, ...args], { env: { ...process.env, ...own } });
      return (await run).stdout;
    },
    close: async (keepFolder) => {
      await connection.close();
      await Promise.all(gpuWorkers.map((one) => one.stop()));
      await orchestrator.stop();
      await server.stop();
      await proxy.close();
      if (!keepFolder) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function environmentOf(home: string, { s3 }: WorldOptions): Environment {
  const { PATH } = process.env;
  const store = s3 === undefined ? {} : { LAMDAGENT_STORE: s3.location };
  return readEnvironment({ LAMDAGENT_HOME: home, LAMDAGENT_DEVICE: 'cpu', PATH, ...store });
}

async function rowsOf(store: Store, name: string): Promise<number> {
  const pointer = await loadPointer(store, name);
  return pointer === null ? 0 : (await store.list(keys.rows(pointer.explorationId))).length;
}
