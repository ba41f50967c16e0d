import { join } from 'node:path';
import type { Program } from '../../workers/childProcess.js';
import { startHome, type BenchHome, type Place } from '../home.js';
import type { Seconds } from './simulatedGpu.js';

export interface SimulationOptions {
  readonly workers: number;
  readonly build: Seconds;
  readonly evaluate: Seconds;
  /** Events at which the server suggests to continue as new; its own number unless said. */
  readonly suggestedEvents?: number;
}

/** The embedded installation with simulated GPU workers in place of the GPU worker. */
export type Simulation = BenchHome;

export function startSimulation(options: SimulationOptions): Promise<Simulation> {
  const { suggestedEvents } = options;
  const limit = `limit.historyCount.suggestContinueAsNew=${String(suggestedEvents)}`;
  const args = suggestedEvents === undefined ? [] : ['--dynamic-config-value', limit];
  return startHome((place) => workersProgram(place, options), args);
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
