import { loadPointer, loadRows } from '../../activities/ledger/read.js';
import { keys } from '../../activities/store/keys.js';
import { until } from '../../test/kill/until.js';
import { efficiencyOf, type Efficiency } from './efficiency.js';
import type { Seconds } from './simulatedGpu.js';
import { startSimulation, type Simulation } from './simulation.js';
import { scaleSpec } from './spec.js';
import { sampleOf } from './samples.js';

/** How long simulated stages take. Real ones take minutes to hours, which is easier on everything around them. */
export const STAGES: { readonly build: Seconds; readonly evaluate: Seconds } = {
  build: [5, 20],
  evaluate: [2, 5],
};

export interface Fleet extends Efficiency {
  /** Processor time of server and orchestrator together, of one core's. */
  readonly coresBusy: number;
}

/** One exploration on so many workers, with as many trials in flight; `trials` for each worker. */
export async function runFleet(workers: number, trials: number): Promise<Fleet> {
  const simulation = await startSimulation({ workers, ...STAGES });
  try {
    const name = `fleet-${String(workers)}`;
    // The baseline on all data is a trial too.
    await simulation.begin(
      scaleSpec({ name, seed: workers, trials: trials * workers - 1, parallel: workers }),
    );
    return await simulation.alive(searched(simulation, name, { workers, rows: trials * workers + 1 }));
  } finally {
    await simulation.close();
  }
}

/** What comes after the search is not waited for: it has few stages, whatever the fleet. */
async function searched(
  simulation: Simulation,
  name: string,
  { workers, rows }: { readonly workers: number; readonly rows: number },
): Promise<Fleet> {
  const { store } = simulation;
  const pointer = await until('the plan', 120, () => loadPointer(store, name));
  const count = async (): Promise<number> => (await store.list(keys.rows(pointer.explorationId))).length;
  await until('the base', 120, async () => (await count()) > 0);
  const before = sampleOf(simulation, 0);
  await until('the end of the search', LONGEST_SECONDS, async () => (await count()) >= rows);
  const after = sampleOf(simulation, rows);
  const cpu = after.serverCpu + after.orchestratorCpu - before.serverCpu - before.orchestratorCpu;
  const found = efficiencyOf(workers, await loadRows(store, pointer.explorationId));
  return { ...found, coresBusy: cpu / (after.seconds - before.seconds) };
}

const LONGEST_SECONDS = 3600;
