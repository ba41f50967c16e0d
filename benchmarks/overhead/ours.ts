import { loadExploration, type StoredExploration } from '../../activities/ledger/read.js';
import { keys } from '../../activities/store/keys.js';
import { loadRecipe } from '../../activities/store/recipes.js';
import type { Store } from '../../activities/store/store.js';
import { evaluationsOf } from '../../domain/evaluation.js';
import type { JsonObject } from '../../domain/json.js';
import type { BuildJob, EvaluateJob } from '../../domain/outcome.js';
import { BUILD_KINDS } from '../../domain/stage.js';
import { trialName, type TrialRecord } from '../../domain/trial.js';
import { until } from '../../test/kill/until.js';
import { gpuWorkerProgram } from '../../workers/gpuWorker.js';
import { startHome } from '../home.js';

/** What a trial did on the GPU worker, in order, as the other loops do it again. */
export type TrialJobs = readonly (
  | { readonly name: 'build'; readonly input: BuildJob }
  | { readonly name: 'evaluate'; readonly input: EvaluateJob }
)[];

export interface Searched {
  /** When each trial ended, in seconds. */
  readonly ends: readonly number[];
  readonly jobs: readonly TrialJobs[];
  /** How long the device had no job between the first one and the last. */
  readonly idleSeconds: number;
}

const LONGEST_SECONDS = 3600;

/** A search by the whole system, to its last trial; the later splits are not waited for. */
export async function searchWhole(spec: JsonObject, rows: number): Promise<Searched> {
  const home = await startHome(({ env, home: of, address }) => gpuWorkerProgram(env, of, address));
  try {
    await home.begin(spec);
    const name = String(spec['name']);
    const found = await home.alive(
      until('the end of the search', LONGEST_SECONDS, () => searched(home.store, name, rows)),
    );
    return {
      ends: found.rows.map(({ endedAt }) => Date.parse(endedAt) / 1000),
      jobs: await Promise.all(found.rows.map((row) => jobsOf(home.store, found, row))),
      idleSeconds: idleSeconds(found.rows),
    };
  } finally {
    await home.close();
  }
}

async function searched(store: Store, name: string, rows: number): Promise<StoredExploration | null> {
  const found = await loadExploration(store, name);
  return found !== null && found.rows.length >= rows ? found : null;
}

/** Of one device: what lies between its attempts. */
function idleSeconds(rows: readonly TrialRecord[]): number {
  const attempts = rows
    .flatMap(({ stages }) => stages.filter(({ reused }) => !reused).flatMap((stage) => stage.attempts))
    .map(({ startedAt, endedAt }) => ({ began: Date.parse(startedAt), ended: Date.parse(endedAt) }))
    .sort((one, other) => one.began - other.began);
  const gaps = attempts.slice(1).map(({ began }, at) => began - (attempts[at]?.ended ?? began));
  return gaps.reduce((sum, gap) => sum + Math.max(0, gap), 0) / 1000;
}

async function jobsOf(store: Store, { plan }: StoredExploration, row: TrialRecord): Promise<TrialJobs> {
  const options = { checkpointSeconds: plan.checkpointSeconds, maxStalledAttempts: 3 };
  const common = {
    schemaVersion: 1,
    options,
    label: row.label,
    requester: `${plan.explorationId}/${trialName(row.trial)}`,
  } as const;
  const kinds: readonly string[] = BUILD_KINDS;
  const built = row.stages.filter(({ kind, reused }) => !reused && kinds.includes(kind));
  const builds = await Promise.all(
    built.map(async ({ stageId }) => {
      const stage = await loadRecipe(store, stageId);
      if (stage === null) throw new Error(`${keys.stage(stageId)}: expected the recipe, got none`);
      return { name: 'build', input: { ...common, stageId, stage } } as const;
    }),
  );
  const stages = Object.values(evaluationsOf(plan, 'search', row.stageId));
  return [...builds, { name: 'evaluate', input: { ...common, modelStageId: row.stageId, stages } }];
}
