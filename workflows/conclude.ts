import {
  ApplicationFailure,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
} from '@temporalio/workflow';
import { explorationDetails } from '../domain/details.js';
import { isFull } from '../domain/fidelity.js';
import type { Exploration, Phase } from '../domain/exploration.js';
import type { Split } from '../domain/plan.js';
import type { ExplorationResult } from '../domain/result.js';
import type { ProposedTrial, TrialResult } from '../domain/trial.js';
import type { OrchestratorActivities, StoreActivities } from './activities.js';
import { LOCAL_ACTIVITY, STORE_ACTIVITY } from './contract.js';
import type { Inbox } from './inbox.js';
import type { Index } from './searchAttributes.js';
import { scoreOn } from './trials.js';

const final = proxyActivities<Pick<OrchestratorActivities, 'confirm' | 'conclude'>>(STORE_ACTIVITY);
const ledger = proxyLocalActivities<Pick<StoreActivities, 'recordFinal'>>(LOCAL_ACTIVITY);

/** Finalists are re-scored on the confirm split, the champion is chosen there, and the test split is opened once. */
export async function concludeExploration(
  inbox: Inbox,
  index: Index,
  stoppedBecause: string,
): Promise<ExplorationResult> {
  const state = inbox.current();
  if (state.baseScores === null)
    throw ApplicationFailure.nonRetryable(
      `base: expected its scores, got none (${stoppedBecause})`,
      'BaseNotScored',
    );
  const { explorationId } = state.plan;
  const input = { explorationId, ledgerRows: state.ledgerRows };

  enter(inbox, index, 'confirming');
  const base = baseOf(state);
  for (const model of [base, ...finalistsOf(state)]) await score(inbox, 'confirm', model);
  const confirmation = await final.confirm(input);

  enter(inbox, index, 'testing');
  await score(inbox, 'test', base);
  const champion = finalistsOf(state).find((one) => one.trial === confirmation.champion);
  if (champion !== undefined) await score(inbox, 'test', champion);
  const result = await final.conclude({ ...input, stoppedBecause });
  enter(inbox, index, 'finished');
  return result;
}

function enter(inbox: Inbox, index: Index, phase: Phase): void {
  inbox.update((state) => ({ ...state, phase }));
  setCurrentDetails(explorationDetails(inbox.current()));
  index.write(inbox.current());
}

async function score(inbox: Inbox, split: Split, model: ProposedTrial): Promise<void> {
  const { plan } = inbox.current();
  const result: TrialResult = await scoreOn(plan, model, split);
  await ledger.recordFinal({ explorationId: plan.explorationId, split, result });
}

function baseOf(state: Exploration): ProposedTrial {
  const base = state.plan.models[0];
  if (base === undefined)
    throw ApplicationFailure.nonRetryable('models: expected at least one, got none', 'InvalidPlan');
  return { trial: 0, origin: 'base', decision: null, action: null, stageId: base.stageId, label: base.name };
}

/** The best feasible rows at full fidelity, best first. */
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
