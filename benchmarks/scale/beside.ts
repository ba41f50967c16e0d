import { loadAudit } from '../../activities/ledger/audit.js';
import { loadPointer, loadRows } from '../../activities/ledger/read.js';
import { sampleOf } from './samples.js';
import { startSimulation, type Simulation } from './simulation.js';
import { scaleSpec } from './spec.js';

export interface SideBySide {
  readonly explorations: number;
  /** Of each, after the baselines. */
  readonly trials: number;
  readonly wallSeconds: number;
  /** Of the orchestrator alone. */
  readonly cpuMsPerTrial: number;
  readonly rssBytes: number;
  /** Last booking of the first and of the last exploration to end its search, in seconds from the start. */
  readonly firstSeconds: number;
  readonly lastSeconds: number;
  readonly findings: readonly string[];
}

/** So many explorations at once on one orchestrator, each with a trial in flight, and a simulated worker for each. */
export async function runSideBySide(explorations: number, trials: number): Promise<SideBySide> {
  const simulation = await startSimulation({ workers: explorations, build: [0, 0], evaluate: [0, 0] });
  try {
    const names = Array.from({ length: explorations }, (_, index) => `beside-${String(index + 1)}`);
    const before = sampleOf(simulation, 0);
    const beganAt = Date.now();
    for (const [seed, name] of names.entries())
      await simulation.begin(scaleSpec({ name, seed, trials, parallel: 1 }));
    await Promise.all(names.map((name) => simulation.ended(name)));
    const after = sampleOf(simulation, explorations * (trials + 2));
    const ends = await Promise.all(names.map((name) => lastBooking(simulation, name)));
    return {
      ...{ explorations, trials, wallSeconds: after.seconds - before.seconds },
      cpuMsPerTrial: (1000 * (after.orchestratorCpu - before.orchestratorCpu)) / after.rows,
      rssBytes: after.orchestratorRss,
      firstSeconds: (Math.min(...ends) - beganAt) / 1000,
      lastSeconds: (Math.max(...ends) - beganAt) / 1000,
      findings: (await Promise.all(names.map((name) => findingsOf(simulation, name)))).flat(),
    };
  } finally {
    await simulation.close();
  }
}

async function lastBooking({ store }: Simulation, name: string): Promise<number> {
  const pointer = await loadPointer(store, name);
  const rows = pointer === null ? [] : await loadRows(store, pointer.explorationId);
  return Math.max(...rows.map(({ endedAt }) => Date.parse(endedAt)));
}

async function findingsOf({ store }: Simulation, name: string): Promise<readonly string[]> {
  const audit = await loadAudit(store, name);
  if (audit === null) return [`${name}: expected its books, got none`];
  return audit.findings.map(({ message }) => `${name}: ${message}`);
}
