import { ApplicationFailure } from '@temporalio/common';
import { chooseChampion, reasonOf, splitScores } from '../../domain/final.js';
import type { Plan, Split } from '../../domain/plan.js';
import type { Confirmation, ExplorationResult, SplitScores } from '../../domain/result.js';
import type { TrialResult } from '../../domain/trial.js';
import { verdictOf } from '../../domain/verdict.js';
import type { FinalInput, OrchestratorActivities } from '../../workflows/activities.js';
import { loadPlan } from '../spec/prepare.js';
import { keys } from '../store/keys.js';
import { recorded } from '../store/recorded.js';
import type { Store } from '../store/store.js';
import { estimateOn, evidenceOn, figuresOf, gainOn } from './figures.js';
import { openTest } from './openTest.js';
import { loadRows } from './read.js';

export interface FinalDependencies {
  readonly store: Store;
  /** Writes the report once the result stands. */
  readonly writeReport: (name: string) => Promise<void>;
}

/** The champion's choice on the confirm split, and the comparison on the test split. Both are recorded once. */
export function createFinalActivities({
  store,
  writeReport,
}: FinalDependencies): Pick<OrchestratorActivities, 'confirm' | 'conclude'> {
  return {
    confirm: async (input) => {
      const plan = await loadPlan(store, input.explorationId);
      return recorded(store, keys.confirmation(input.explorationId), () => confirm(store, plan, input));
    },
    conclude: async ({ explorationId, stoppedBecause }) => {
      const plan = await loadPlan(store, explorationId);
      const result = await recorded(store, keys.result(explorationId), () =>
        conclude(store, plan, stoppedBecause),
      );
      await writeReport(plan.name);
      return result;
    },
  };
}

async function confirm(
  store: Store,
  plan: Plan,
  { explorationId, finalists: named }: FinalInput,
): Promise<Confirmation> {
  const results = await finalResults(store, plan, 'confirm');
  const base = baseOf(results);
  const judged = async (result: TrialResult): Promise<SplitScores> =>
    splitScores(plan, result, base, await evidenceOn(store, plan, [result, base], 'confirm'));
  const scored = results.filter(({ trial, status }) => trial !== 0 && status === 'completed');
  const finalists = await Promise.all(
    scored.filter(({ trial }) => named?.includes(trial) ?? true).map(judged),
  );
  const allDataTrial = (await loadRows(store, explorationId)).find(
    ({ origin }) => origin === 'allData',
  )?.trial;
  const allData = scored.find(({ trial }) => trial === allDataTrial);
  const baseScores = splitScores(plan, base, base);
  const champion = chooseChampion(baseScores, finalists);
  const chosen = scored.find(({ trial }) => trial === champion?.trial);
  return {
    schemaVersion: 1,
    base: baseScores,
    finalists,
    allData: allData === undefined ? null : await judged(allData),
    champion: champion?.trial ?? 0,
    difference: chosen === undefined ? null : await gainOn(store, plan, [chosen, base], 'confirm'),
    reason: reasonOf(baseScores, finalists, champion),
  };
}

async function conclude(store: Store, plan: Plan, stoppedBecause: string): Promise<ExplorationResult> {
  const { explorationId } = plan;
  const text = await store.read(keys.confirmation(explorationId));
  const confirmation = JSON.parse(text ?? 'null') as Confirmation;
  const test = await finalResults(store, plan, 'test');
  const models = test.map(({ trial, stageId }) => ({ trial, stageId }));
  await openTest(store, explorationId, {
    by: 'conclude, of a workflow that began without this record',
    models,
  });
  const base = baseOf(test);
  const best = test.find(({ trial }) => trial === confirmation.champion) ?? base;
  const difference = await gainOn(store, plan, [best, base], 'test');
  const { champion, finalists } = confirmation;
  const scored = {
    rows: await loadRows(store, explorationId),
    confirm: await finalResults(store, plan, 'confirm'),
    test,
  };
  return {
    schemaVersion: 1,
    verdict: verdictOf(confirmation, difference),
    champion,
    confirmation,
    test: {
      base: await estimateOn(store, plan, base, 'test'),
      best: await estimateOn(store, plan, best, 'test'),
      difference,
      baseScores: splitScores(plan, base, base),
      bestScores: splitScores(plan, best, base, await evidenceOn(store, plan, [best, base], 'test')),
    },
    figures: await figuresOf(store, plan, scored, { champion, finalists: finalists.length }),
    stoppedBecause,
    endedAt: new Date().toISOString(),
  };
}

async function finalResults(store: Store, plan: Plan, split: Split): Promise<readonly TrialResult[]> {
  const listed = await store.list(keys.finalRows(plan.explorationId, split));
  const texts = await Promise.all(listed.map((key) => store.read(key)));
  return texts.map((text) => JSON.parse(text ?? 'null') as TrialResult);
}

function baseOf(results: readonly TrialResult[]): TrialResult {
  const base = results.find(({ trial, status }) => trial === 0 && status === 'completed');
  if (base === undefined)
    throw ApplicationFailure.nonRetryable(
      'base: expected its scores on this split, got none. Look at the workflow that scored it (…/confirm-t0000 or …/test-t0000), ' +
        'mend what it names, and start the exploration again: what is done is reused.',
      'BaseNotScored',
    );
  return base;
}
