import {
  ApplicationFailure,
  patched,
  proxyActivities,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import { explorationDetails } from '../domain/details.js';
import { isFull } from '../domain/fidelity.js';
import type { Exploration, Phase } from '../domain/exploration.js';
import type { Split } from '../domain/plan.js';
import type { ExplorationResult } from '../domain/result.js';
import { summaryText } from '../domain/summaries.js';
import { trialName, type ProposedTrial, type TrialResult } from '../domain/trial.js';
import type { OrchestratorActivities } from './activities.js';
import { STORE_ACTIVITY } from './contract.js';
import type { Inbox } from './inbox.js';
import type { Index } from './searchAttributes.js';
import { storeActivities } from './store.js';
import { scoreOn } from './trials.js';

const final = proxyActivities<Pick<OrchestratorActivities, 'confirm' | 'conclude'>>(STORE_ACTIVITY);

/** Explorations that began to conclude before this patch scored the base, the finalists and the champion alone. */
const ALL_DATA_ON_LATER_SPLITS = 'all-data-on-later-splits';

/**
 * The base, SFT on all data and the finalists are scored on the confirm split, the champion is chosen there, and the
 * test split is opened once, for the champion and what it is compared with.
 */
export async function concludeExploration(
  inbox: Inbox,
  index: Index,
  stoppedBecause: string,
): Promise<ExplorationResult> {
  const state = inbox.current();
  if (state.baseScores === null)
    throw ApplicationFailure.nonRetryable(
      `base: expected its scores, got none (${stoppedBecause}). Start the exploration again: without them there is nothing to compare with.`,
      'BaseNotScored',
    );
  const { explorationId } = state.plan;
  const isPatched = patched(ALL_DATA_ON_LATER_SPLITS);
  const compared = [baseOf(state), ...(isPatched ? allDataOf(state) : [])];
  const finalists = finalistsOf(state);
  const input = { explorationId, ledgerRows: state.ledgerRows };

  enter(inbox, index, 'confirming');
  const { registered } = index;
  for (const model of distinct([...compared, ...finalists]))
    await score(inbox, model, { split: 'confirm', registered });
  const chosen = { ...input, finalists: finalists.map(({ trial }) => trial) };
  const among = summaryText(`choose the champion of ${names(finalists)} on the confirm split`);
  const confirmation = await final.confirm.executeWithOptions({ summary: among }, [chosen]);

  enter(inbox, index, 'testing');
  const champion = finalists.filter(({ trial }) => trial === confirmation.champion);
  const tested = distinct([...compared, ...champion]);
  if (isPatched) await open(explorationId, tested);
  for (const model of tested) await score(inbox, model, { split: 'test', registered });
  const summary = summaryText(`compare ${names(tested)} on the test split, write result and report`);
  const result = await final.conclude.executeWithOptions({ summary }, [{ ...input, stoppedBecause }]);
  enter(inbox, index, 'finished', result);
  return result;
}

async function open(explorationId: string, tested: readonly ProposedTrial[]): Promise<void> {
  const models = tested.map(({ trial, stageId }) => ({ trial, stageId }));
  const summary = summaryText(`open the test split, once, for ${names(tested)}`);
  await storeActivities().openTest.executeWithOptions({ summary }, [
    { explorationId, by: workflowInfo().runId, models },
  ]);
}

function names(models: readonly ProposedTrial[]): string {
  return models.map(({ trial }) => trialName(trial)).join(', ') || 'no finalist';
}

/** Each trial once: SFT on all data may be a finalist and the champion too. */
function distinct(models: readonly ProposedTrial[]): readonly ProposedTrial[] {
  return models.filter(({ trial }, index) => models.findIndex((one) => one.trial === trial) === index);
}

function enter(inbox: Inbox, index: Index, phase: Phase, result: ExplorationResult | null = null): void {
  inbox.update((state) => ({ ...state, phase }));
  setCurrentDetails(explorationDetails(inbox.current(), result));
  index.write(inbox.current());
}

async function score(
  inbox: Inbox,
  model: ProposedTrial,
  on: { readonly split: Split; readonly registered: readonly string[] },
): Promise<void> {
  const { plan } = inbox.current();
  const { split } = on;
  const result: TrialResult = await scoreOn(plan, model, on);
  const summary = summaryText(`write ${trialName(model.trial)}'s ${split} scores to the ledger`);
  const row = { explorationId: plan.explorationId, split, result };
  await storeActivities().recordFinal.executeWithOptions({ summary }, [row]);
}

function baseOf(state: Exploration): ProposedTrial {
  const base = state.plan.models[0];
  if (base === undefined)
    throw ApplicationFailure.nonRetryable('models: expected at least one, got none', 'InvalidPlan');
  return { trial: 0, origin: 'base', decision: null, action: null, stageId: base.stageId, label: base.name };
}

function allDataOf({ allData = null }: Exploration): readonly ProposedTrial[] {
  return allData === null ? [] : [allData];
}

/** The best feasible rows at full fidelity above the base, best first. */
function finalistsOf(state: Exploration): readonly ProposedTrial[] {
  return state.top
    .filter((row) => row.feasible && row.trial !== 0 && isFull(row))
    .slice(0, state.plan.finalists)
    .map(({ trial, stageId, label }) => ({
      trial,
      stageId,
      label,
      origin: 'policy',
      decision: null,
      action: null,
    }));
}
