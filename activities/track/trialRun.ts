import { fidelityOf } from '../../domain/fidelity.js';
import { nameInPool, type Pool } from '../../domain/pool.js';
import { sha256Hex } from '../../domain/stage.js';
import { applicable } from '../../domain/stageOfAction.js';
import type { TrackedRun, TrackedSeries } from '../../domain/trackedRun.js';
import { CURVE_COLUMNS, type TrainingCurve } from '../../domain/trainingCurve.js';
import { trialName, type TrialRecord, type TrialResult } from '../../domain/trial.js';
import type { StoredExploration } from '../ledger/read.js';

/** What all runs of an exploration look things up in. */
export interface TrialContext {
  readonly found: StoredExploration;
  readonly pool: Pool;
  readonly curve: TrainingCurve | null;
}

/** A trial that is booked, as a run: its curve, parameters, scores on every split so far, and where it comes from. */
export function trialRun(row: TrialRecord, { found, pool, curve }: TrialContext): TrackedRun {
  const { name: exploration, explorationId } = found.plan;
  const later = found.finals.filter(({ result }) => result.trial === row.trial);
  return {
    schemaVersion: 1,
    ...{
      id: runId(explorationId, trialName(row.trial)),
      name: trialName(row.trial),
      exploration,
      explorationId,
    },
    status: row.status === 'completed' ? 'finished' : 'failed',
    ...{ startedAt: row.startedAt, endedAt: row.endedAt },
    parameters:
      row.action === null ? { action: row.origin } : { action: row.action.kind, ...applicable(row.action) },
    tags: tagsOf(row, found, pool),
    scores: {
      ...(row.score === null ? {} : { 'search/score': row.score }),
      ...scoresOn('search', row),
      ...Object.assign({}, ...later.map(({ split, result }) => scoresOn(split, result))),
      ...costsOf(row),
    },
    series: curve === null ? [] : seriesOf(curve),
  };
}

/** Equal for the same part of the same exploration, for ever; of 16 digits that every tracker takes. */
export function runId(explorationId: string, name: string): string {
  return sha256Hex(`${explorationId} ${name}`).slice(0, 16);
}

function tagsOf(
  row: TrialRecord,
  { plan, decisions, finals }: StoredExploration,
  pool: Pool,
): TrackedRun['tags'] {
  const decision = decisions.find(({ proposed }) => proposed.trial === row.trial);
  const splits = finals.filter(({ result }) => result.trial === row.trial).map(({ split }) => split);
  const phase = (['test', 'confirm'] as const).find((split) => splits.includes(split)) ?? 'search';
  return {
    ...{ exploration: plan.name, explorationId: plan.explorationId, origin: row.origin, phase },
    ...{ label: row.label, status: row.status, feasible: String(row.feasible), stageId: row.stageId },
    ...(decision === undefined ? {} : { policy: decision.policy, fallback: String(decision.fallback) }),
    ...(row.action === null
      ? {}
      : { parents: row.action.models.map((id) => nameInPool(pool, id)).join(' + ') }),
    ...(row.action === null ? {} : { datasets: row.action.datasets.join(' + ') }),
    ...(row.weightsSha256 === null ? {} : { weightsSha256: row.weightsSha256 }),
    ...(fidelityOf(row) === 1 ? {} : { fidelity: String(fidelityOf(row)) }),
  };
}

function scoresOn(split: string, { scores }: Pick<TrialResult, 'scores'>): TrackedRun['scores'] {
  return Object.fromEntries(Object.entries(scores).map(([name, { score }]) => [`${split}/${name}`, score]));
}

/** What this trial paid for; what it reused was paid by others. */
function costsOf({ stages }: TrialRecord): TrackedRun['scores'] {
  const paid = stages.filter(({ reused }) => !reused);
  const total = (of: 'gpuSeconds' | 'lostGpuSeconds'): number =>
    Number(paid.reduce((sum, stage) => sum + stage[of], 0).toFixed(3));
  return { 'cost/gpuSeconds': total('gpuSeconds'), 'cost/lostGpuSeconds': total('lostGpuSeconds') };
}

/** The columns of the trial's own last training; those before it are in the runs of its parents. */
function seriesOf(curve: TrainingCurve): readonly TrackedSeries[] {
  return CURVE_COLUMNS.flatMap((name) => {
    const points = (curve[name] ?? []).flatMap((value, place) =>
      value === null ? [] : [[curve.step[place] ?? 0, value] as const],
    );
    if (points.length === 0) return [];
    return [
      { name: `train/${name}`, step: points.map(([step]) => step), value: points.map(([, value]) => value) },
    ];
  });
}
