import type { TrackedRun, TrackedSeries } from '../../domain/trackedRun.js';
import { trialName, type TrialRecord } from '../../domain/trial.js';
import type { StoredExploration } from '../ledger/read.js';
import { stateOf } from '../ledger/views.js';
import { runId } from './trialRun.js';

export const EXPLORATION = 'exploration';

/** The search as one run: scores and spend by the order in which trials ended, and what came out at the end. */
export function explorationRun(found: StoredExploration): TrackedRun {
  const { plan, pointer, result, rows } = found;
  const state = stateOf(found);
  return {
    schemaVersion: 1,
    ...{ id: runId(plan.explorationId, EXPLORATION), name: EXPLORATION },
    ...{ exploration: plan.name, explorationId: plan.explorationId },
    status: state === 'running' ? 'running' : state === 'failed' ? 'failed' : 'finished',
    startedAt: pointer.startedAt,
    endedAt: state === 'running' ? null : (result?.endedAt ?? rows.at(-1)?.endedAt ?? pointer.startedAt),
    parameters: {
      ...{ seed: plan.seed, policy: plan.policy, parallel: plan.parallel, finalists: plan.finalists },
      ...{ models: plan.models.map(({ name }) => name).join(', ') },
      ...{ datasets: plan.datasets.map(({ name }) => name).join(', ') },
      benchmarks: plan.benchmarks.map(({ name }) => name).join(', '),
    },
    tags: {
      ...{ exploration: plan.name, explorationId: plan.explorationId, policy: plan.policy, state },
      phase: result !== null ? 'test' : found.finals.length > 0 ? 'confirm' : 'search',
      ...(result === null ? {} : { verdict: result.verdict, champion: trialName(result.champion) }),
    },
    scores: result === null ? {} : scoresOf(result.test),
    series: seriesOf(rows),
  };
}

function scoresOf({
  base,
  best,
  difference,
}: NonNullable<StoredExploration['result']>['test']): TrackedRun['scores'] {
  return {
    ...{ 'test/base': base.value, 'test/champion': best.value, 'test/difference': difference.value },
    ...{ 'test/differenceLow': difference.low, 'test/differenceHigh': difference.high },
  };
}

/** By the place of a row in the ledger: its score, the best feasible one so far, and the GPU time so far. */
function seriesOf(rows: readonly TrialRecord[]): readonly TrackedSeries[] {
  let best: number | null = null;
  let spent = 0;
  const points = rows.map(({ sequence, score, feasible, stages }) => {
    if (score !== null && feasible && score > (best ?? Number.NEGATIVE_INFINITY)) best = score;
    spent += stages.filter(({ reused }) => !reused).reduce((sum, stage) => sum + stage.gpuSeconds, 0);
    return { sequence, score, best, gpuSeconds: Number(spent.toFixed(3)) };
  });
  return (['score', 'best', 'gpuSeconds'] as const).flatMap((of) => {
    const known = points.flatMap((point) =>
      point[of] === null ? [] : [[point.sequence, point[of]] as const],
    );
    if (known.length === 0) return [];
    return [
      { name: `trials/${of}`, step: known.map(([step]) => step), value: known.map(([, value]) => value) },
    ];
  });
}
