import type { TrialRecord } from '../../domain/trial.js';

/** How much of their time the workers of a fleet were at work. */
export interface Efficiency {
  readonly workers: number;
  readonly trials: number;
  readonly wallSeconds: number;
  readonly busySeconds: number;
  /** Busy worker-seconds of all worker-seconds, from the base's score to the last trial's end. */
  readonly efficiency: number;
  /** Of what was lost: at the end, when fewer trials were left than workers. */
  readonly drainShare: number;
}

type Row = Pick<TrialRecord, 'origin' | 'startedAt' | 'endedAt' | 'stages'>;

/**
 * Read from the ledger alone. A stage's GPU-seconds are those that a simulated worker slept; waiting, publishing and all
 * that passes between two stages counts as idle. The base is scored alone, before the search, and is left out.
 */
export function efficiencyOf(workers: number, rows: readonly Row[]): Efficiency {
  const searched = rows.filter(({ origin }) => origin !== 'base');
  const begin = Math.max(
    ...rows.filter(({ origin }) => origin === 'base').map(({ endedAt }) => Date.parse(endedAt)),
  );
  const ends = searched.map(({ endedAt }) => Date.parse(endedAt));
  const end = Math.max(...ends);
  const lastStart = Math.max(...searched.map(({ startedAt }) => Date.parse(startedAt)));
  const busySeconds = searched
    .flatMap(({ stages }) => stages.filter(({ reused }) => !reused))
    .reduce((sum, { gpuSeconds }) => sum + gpuSeconds, 0);
  const wallSeconds = (end - begin) / 1000;
  const all = workers * wallSeconds;
  // A worker whose last trial ended has nothing to do from then on.
  const drained = ends.filter((at) => at > lastStart).reduce((sum, at) => sum + (end - at) / 1000, 0);
  return {
    ...{ workers, trials: searched.length, wallSeconds, busySeconds },
    efficiency: busySeconds / all,
    drainShare: Math.min(drained, all) / all,
  };
}
