import { evaluationsOf } from '../../domain/evaluation.js';
import { attemptTotals } from '../../domain/cost.js';
import type { BuildOutcome, EvaluateOutcome, JobOptions } from '../../domain/outcome.js';
import type { Plan, Split } from '../../domain/plan.js';
import { identify, type IdentifiedStage } from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import type { Pool } from '../../domain/pool.js';
import type { Action } from '../../domain/trial.js';
import type { Direct } from '../../workers/direct.js';
import { landscapeId, type LandscapeRow } from './table.js';

const OPTIONS: JobOptions = { checkpointSeconds: 3600, maxStalledAttempts: 3 };
const REQUESTER = 'landscape/t0000';

export interface Measured {
  readonly plan: Plan;
  readonly pool: Pool;
  readonly direct: Direct;
}

/**
 * Builds the pipeline for real, parents first where their objects are missing, and scores it: on the split that a search
 * sees, and on the one that shows what its choices are worth.
 */
export async function measure(
  world: Measured,
  stageId: string,
  action: Action | null,
): Promise<LandscapeRow> {
  const built = action === null ? null : await build(world, action);
  const id = landscapeId(stageId);
  const buildSeconds = built === null ? 0 : attemptTotals(built.attempts).gpuSeconds;
  if (built !== null && built.status !== 'completed')
    return { id, status: built.status, buildSeconds, scoreSeconds: 0, scores: {} };
  const [search, test] = [await score(world, stageId, 'search'), await score(world, stageId, 'test')];
  return {
    ...{ id, status: 'completed', buildSeconds, scoreSeconds: search.seconds },
    scores: { search: search.scores, test: test.scores },
  };
}

async function build(world: Measured, action: Action): Promise<BuildOutcome> {
  for (const parent of action.models) {
    const made = world.pool.get(parent)?.row?.action ?? null;
    if (made !== null) await build(world, made);
  }
  const stage: IdentifiedStage = identify(stageOfAction(world.plan, action));
  const job = { schemaVersion: 1, ...stage, options: OPTIONS, requester: REQUESTER, label: action.kind };
  return world.direct.call<BuildOutcome>('build', job);
}

async function score(
  { plan, direct }: Measured,
  stageId: string,
  split: Split,
): Promise<{ readonly scores: readonly number[]; readonly seconds: number }> {
  const stages = Object.values(evaluationsOf(plan, split, stageId));
  const job = {
    schemaVersion: 1,
    modelStageId: stageId,
    stages,
    options: OPTIONS,
    requester: REQUESTER,
    label: split,
  };
  const outcome = await direct.call<EvaluateOutcome>('evaluate', job);
  if (outcome.status !== 'completed') throw new Error(`score of ${stageId}: ${outcome.message}`);
  const byId = new Map(outcome.scores.map((one) => [one.stageId, one.score]));
  return {
    scores: stages.map((one) => round(byId.get(one.stageId) ?? Number.NaN)),
    seconds: attemptTotals(outcome.attempts).gpuSeconds,
  };
}

function round(value: number): number {
  return Number(value.toFixed(6));
}
