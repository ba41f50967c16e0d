import { evaluationsOf } from '../../domain/evaluation.js';
import { scaleJobs, type ScalePlan, type ScaleResult } from '../../domain/scale.js';
import type { OrchestratorActivities, PreparedScale } from '../../workflows/activities.js';
import {
  listNames,
  loadExploration,
  loadScaleRows,
  readJson,
  type StoredExploration,
} from '../ledger/read.js';
import { stateOf } from '../ledger/views.js';
import { didYouMean } from '../spec/faults.js';
import { loadPlan } from '../spec/prepare.js';
import { keys } from '../store/keys.js';
import { recorded } from '../store/recorded.js';
import type { Store } from '../store/store.js';
import { compareScales } from './compare.js';
import { planScale } from './plan.js';
import { checkRequest, invalidScale } from './request.js';

export interface ScaleDependencies {
  readonly store: Store;
  /** A relative base folder is taken from here; the working folder by default. */
  readonly root?: string;
  /** Writes the exploration's report once the study's result stands. */
  readonly writeReport: (name: string) => Promise<void>;
}

/** A scale study: what it compares is fixed at its first start, and so is its result. */
export function createScaleActivities({
  store,
  root = process.cwd(),
  writeReport,
}: ScaleDependencies): Pick<OrchestratorActivities, 'prepareScale' | 'concludeScale'> {
  return {
    prepareScale: async (request) => {
      const checked = await checkRequest(store, request, root);
      const found = await finished(store, checked.exploration);
      const { explorationId } = found.plan;
      const plan = await recorded(store, keys.scalePlan(explorationId, checked.label), () =>
        planScale(store, found, checked),
      );
      return prepared(store, found, plan);
    },
    concludeScale: async ({ explorationId, label }) => {
      const [plan, study] = await Promise.all([
        loadPlan(store, explorationId),
        readJson<ScalePlan>(store, keys.scalePlan(explorationId, label)),
      ]);
      if (study === null) throw new Error(`scale ${label}: expected its plan in ${store.location}, got none`);
      const rows = await loadScaleRows(store, study);
      const result = await recorded(store, keys.scale(explorationId, label), () =>
        compareScales(store, plan, { study, rows }),
      );
      await writeReport(plan.name);
      return result;
    },
  };
}

async function finished(store: Store, name: string): Promise<StoredExploration> {
  const found = await loadExploration(store, name);
  if (found === null)
    throw invalidScale([
      {
        path: 'exploration',
        rule: `one of ${store.location}`,
        value: name,
        hint: didYouMean(name, await listNames(store)),
      },
    ]);
  if (stateOf(found) === 'running')
    throw invalidScale([
      {
        path: name,
        rule: 'an exploration that has ended',
        value: 'one that runs',
        hint: `Wait for its end, or end its search: lamdagent stop ${name}.`,
      },
    ]);
  return found;
}

async function prepared(store: Store, { plan }: StoredExploration, study: ScalePlan): Promise<PreparedScale> {
  const { explorationId, exploration, label } = study;
  const done = new Set((await loadScaleRows(store, study)).map(({ job }) => job));
  const jobs = scaleJobs(study, (stageId) => evaluationsOf(plan, 'confirm', stageId));
  return {
    plan: { explorationId, exploration, label },
    jobs: jobs.filter(({ name }) => !done.has(name)),
    models: jobs.length,
    parallel: plan.parallel,
    checkpointSeconds: plan.checkpointSeconds,
    ...(plan.workers === undefined ? {} : { workers: plan.workers }),
    result: await readJson<ScaleResult>(store, keys.scale(explorationId, label)),
  };
}
