import { join } from 'node:path';
import type { Program } from '../../workers/childProcess.js';
import type { Environment } from '../../workers/env.js';
import { gpuWorkerProgram } from '../../workers/gpuWorker.js';
import type { Home } from '../../workers/home.js';
import { orchestratorProgram } from '../../workers/orchestrator.js';
import { serverProgram, type ServerAddress } from '../../workers/temporalServer.js';

/** A continue-as-new every few trials, so that kills meet it with trials in flight. */
export const SUGGESTED_EVENTS = 80;
const SERVER_OPTIONS = [
  '--dynamic-config-value',
  `limit.historyCount.suggestContinueAsNew=${String(SUGGESTED_EVENTS)}`,
];

export interface Surroundings {
  readonly env: Environment;
  readonly home: Home;
  readonly address: ServerAddress;
  /** Where the workers find the server: the proxy in between. */
  readonly workersAddress: string;
  /** Variables that all workers get. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The product's own programs, with what the matrix adds to them. */
export interface Programs {
  readonly server: () => Program;
  /** `code`: the root of the package that it runs. */
  readonly orchestrator: (code: string) => Program;
  /** Each has a name, a log and a cache of its own, as if on a machine of its own. */
  readonly gpuWorker: (name: string) => Program;
}

export function programsIn({ env, home, address, workersAddress, variables }: Surroundings): Programs {
  return {
    server: () => {
      const program = serverProgram(env, home, address);
      return { ...program, args: [...program.args, ...SERVER_OPTIONS] };
    },
    orchestrator: (code) => {
      const program = orchestratorProgram({ ...env, root: code }, home, workersAddress);
      return { ...program, env: { ...program.env, ...variables } };
    },
    gpuWorker: (name) => {
      const program = gpuWorkerProgram({ ...env, cache: cacheOf(home, name) }, home, workersAddress);
      return { ...program, name, logFile: home.log(name), env: { ...program.env, ...variables } };
    },
  };
}

/** The local copies of a GPU worker whose store is elsewhere. */
export function cacheOf(home: Home, name: string): string {
  return join(home.folder, `cache-${name}`);
}
