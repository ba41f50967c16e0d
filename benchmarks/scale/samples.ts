import { usageOf } from '../usage.js';

/** The processes at one moment, and how many rows the ledger had. */
export interface Sample {
  readonly seconds: number;
  readonly rows: number;
  readonly serverCpu: number;
  readonly orchestratorCpu: number;
  readonly workersCpu: number;
  readonly orchestratorRss: number;
  readonly serverRss: number;
}

export interface Sampled {
  readonly server: number;
  readonly orchestrator: number;
  readonly workers: number;
}

export function sampleOf(pids: Sampled, rows: number): Sample {
  const [server, orchestrator, workers] = [pids.server, pids.orchestrator, pids.workers].map(usageOf);
  return {
    seconds: performance.now() / 1000,
    rows,
    serverCpu: server?.cpuSeconds ?? 0,
    orchestratorCpu: orchestrator?.cpuSeconds ?? 0,
    workersCpu: workers?.cpuSeconds ?? 0,
    orchestratorRss: orchestrator?.rssBytes ?? 0,
    serverRss: server?.rssBytes ?? 0,
  };
}

type Figure = Exclude<keyof Sample, 'rows'>;

/** The figure when the ledger had so many rows, on the line between two samples; NaN outside of them. */
export function at(samples: readonly Sample[], rows: number, figure: Figure): number {
  const after = samples.findIndex((one) => one.rows >= rows);
  const [left, right] = [samples[after - 1], samples[after]];
  if (right === undefined) return Number.NaN;
  if (left === undefined || right.rows === rows) return right.rows === rows ? right[figure] : Number.NaN;
  const share = (rows - left.rows) / (right.rows - left.rows);
  return left[figure] + share * (right[figure] - left[figure]);
}

/** What a row took on average between two counts of rows, in the figure's unit. */
export function perRow(
  samples: readonly Sample[],
  [from, to]: readonly [number, number],
  figure: Figure,
): number {
  return (at(samples, to, figure) - at(samples, from, figure)) / (to - from);
}

/** The samples' mean of a figure between two counts of rows. */
export function meanBetween(
  samples: readonly Sample[],
  [from, to]: readonly [number, number],
  figure: Figure,
): number {
  const inside = samples.filter(({ rows }) => rows >= from && rows <= to);
  return inside.reduce((sum, one) => sum + one[figure], 0) / inside.length;
}
