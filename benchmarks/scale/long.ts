import { setTimeout as sleep } from 'node:timers/promises';
import { loadAudit } from '../../activities/ledger/audit.js';
import { until } from '../../test/kill/until.js';
import type { StatusAnswer } from '../../workflows/messages.js';
import { runsOf, type RunHistory } from './histories.js';
import { startProbe, type Probed, type ProbePace } from './probe.js';
import { sampleOf, type Sample } from './samples.js';
import { startSimulation, type Simulation } from './simulation.js';
import { scaleSpec } from './spec.js';
import { statusOf } from '../waiting.js';

const NAME = 'long';
const SAMPLE_MS = 1000;
/** Rows before the end at which nobody asks any more: an exploration that is over refuses to be paused. */
const LAST_ROWS = 20;

export interface LongRun {
  readonly trials: number;
  readonly samples: readonly Sample[];
  readonly runs: readonly RunHistory[];
  /** null: nobody asked. */
  readonly probed: Probed | null;
  /** From the last row to the workflow's end: the later splits, the choice, the report. */
  readonly concludeSeconds: number;
  readonly findings: readonly string[];
}

export interface LongOptions {
  readonly trials: number;
  /** null: nobody asks. */
  readonly pace: ProbePace | null;
  readonly say: (line: string) => void;
  /** As of the simulation. */
  readonly suggestedEvents?: number;
}

/** One exploration of so many trials whose stages take no time, one after another, watched until its end. */
export async function runLong({ trials, pace, say, ...server }: LongOptions): Promise<LongRun> {
  const simulation = await startSimulation({ workers: 1, build: [0, 0], evaluate: [0, 0], ...server });
  try {
    await simulation.begin(scaleSpec({ name: NAME, seed: 1, trials, parallel: 1 }));
    const { client, store } = simulation;
    await simulation.alive(until('the search', 120, async () => hasBegun(await statusOf(client, NAME))));
    const probe = pace === null ? null : startProbe(client, NAME, pace);
    const rows = trials + 2;
    const samples = await simulation.alive(watched(simulation, rows - LAST_ROWS, say));
    const probed = probe === null ? null : await probe.stop();
    samples.push(...(await simulation.alive(watched(simulation, rows, say))));
    const searchedAt = performance.now();
    await simulation.ended(NAME);
    const concludeSeconds = (performance.now() - searchedAt) / 1000;
    const audit = await loadAudit(store, NAME);
    const findings = (audit?.findings ?? []).map(({ message }) => message);
    return { trials, samples, probed, runs: await runsOf(client, NAME), concludeSeconds, findings };
  } finally {
    await simulation.close();
  }
}

/** The search, or what comes after it. */
function hasBegun(status: StatusAnswer | null): boolean {
  return status !== null && status.phase !== 'preparing' && status.phase !== 'baselines';
}

/** Samples until the ledger has so many rows. */
async function watched(simulation: Simulation, rows: number, say: (line: string) => void): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let known = -1; known < rows;) {
    const status = await statusOf(simulation.client, NAME);
    if (status !== null) known = status.trials.completed + status.trials.failed;
    if (status !== null) samples.push(sampleOf(simulation, known));
    if (samples.length % 60 === 1) say(`${String(known)} trials`);
    await sleep(SAMPLE_MS);
  }
  return samples;
}
