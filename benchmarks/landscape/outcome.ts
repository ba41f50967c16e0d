import type { Plan, PlannedBenchmark } from '../../domain/plan.js';
import type { BenchmarkScore, ProposedTrial, TrialResult, TrialStatus } from '../../domain/trial.js';
import type { LandscapeRow } from './table.js';

const NOWHEN = new Date(0).toISOString();

/** The table's row as what a trial's workflow would report of it. */
export function resultOf(plan: Plan, proposed: ProposedTrial, row: LandscapeRow): TrialResult {
  const { trial, stageId } = proposed;
  const cost = (kind: string, gpuSeconds: number) => ({
    ...{ stageId: `${kind} ${stageId}`, kind, reused: false, gpuSeconds, lostGpuSeconds: 0, attempts: [] },
  });
  return {
    ...{ trial, stageId, status: row.status as TrialStatus, message: '', weightsSha256: null, metrics: {} },
    scores: scoresOn(plan, row, 'search'),
    stages: [cost('build', row.buildSeconds), cost('evaluate', row.scoreSeconds)],
    startedAt: NOWHEN,
    endedAt: NOWHEN,
  };
}

/** Scores by benchmark; the standard error of a share of right answers. */
export function scoresOn(
  plan: Plan,
  row: LandscapeRow,
  split: 'search' | 'test',
): Readonly<Record<string, BenchmarkScore>> {
  const scores = row.scores[split];
  if (scores === undefined) return {};
  return Object.fromEntries(
    plan.benchmarks.map((benchmark, index) => [
      benchmark.name,
      scoreOf(benchmark, split, scores[index] ?? 0),
    ]),
  );
}

function scoreOf({ splits }: PlannedBenchmark, split: 'search' | 'test', score: number): BenchmarkScore {
  const { stageId, items } = splits[split];
  return { stageId, score, items, standardError: Math.sqrt((score * (1 - score)) / Math.max(1, items - 1)) };
}
