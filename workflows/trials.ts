import {
  executeChild,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  sleep,
  startChild,
  workflowInfo,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { evaluationsOf } from '../domain/evaluation.js';
import type { Plan, Split } from '../domain/plan.js';
import { shortId } from '../domain/stage.js';
import { staticSummaryText, summaryText, trialSummary } from '../domain/summaries.js';
import { trialStaticDetails } from '../domain/trialDetails.js';
import { trialName, type ProposedTrial, type TrialResult } from '../domain/trial.js';
import { workflowIds } from './contract.js';
import type { Inbox } from './inbox.js';
import { pipeline, type PipelineInput } from './pipeline.js';
import { listingOf, startAttributes, type TrialListing } from './trialListing.js';

/** Attempts in a row without a new checkpoint before a stage counts as crashed. */
export const MAX_STALLED_ATTEMPTS = 3;

/** A trial that vanishes without a word this often is a failed trial. */
export const MAX_RESTARTS = 3;

/**
 * Starts a trial as an abandoned child: it outlives continue-as-new and reports by signal. Returns its workflow id.
 * `registered`: the search attributes that the namespace knows.
 */
export async function startTrial(
  plan: Plan,
  proposed: ProposedTrial,
  registered: readonly string[],
): Promise<string> {
  const workflowId = workflowIds.trial(plan.name, trialName(proposed.trial), shortId(proposed.stageId));
  const shown = { split: 'search', listing: listingOf(plan, 'search', registered) } as const;
  const input = pipelineInput(plan, proposed, shown);
  const args: [PipelineInput] = [{ ...input, reportTo: workflowInfo().workflowId }];
  for (;;) {
    try {
      await startChild(pipeline, { args, ...childOptions(workflowId, plan, { proposed, ...shown }) });
      return workflowId;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      await endStranger(workflowId);
    }
  }
}

/** Scores a model on a later split; a plain child, since nothing continues-as-new any more. */
export async function scoreOn(
  plan: Plan,
  proposed: ProposedTrial,
  { split, registered }: { readonly split: Split; readonly registered: readonly string[] },
): Promise<TrialResult> {
  const workflowId = workflowIds.final(plan.name, split, trialName(proposed.trial));
  const shown = { split, listing: listingOf(plan, split, registered) };
  return executeChild(pipeline, {
    ...childOptions(workflowId, plan, { proposed, ...shown }),
    args: [pipelineInput(plan, proposed, shown)],
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
  });
}

/** Asks all trials in flight to stop (they write a checkpoint) and forgets them. */
export async function cancelTrials(inbox: Inbox): Promise<void> {
  const flights = inbox.current().inFlight;
  inbox.update((state) => ({ ...state, inFlight: [], waiting: [], queued: [] }));
  for (const flight of flights) await cancelQuietly(flight.workflowId);
}

/** What a trial is scored on, and how its workflow is listed. */
interface Shown {
  readonly split: Split;
  readonly listing: TrialListing;
}

function pipelineInput(plan: Plan, proposed: ProposedTrial, { split, listing }: Shown): PipelineInput {
  return {
    explorationId: plan.explorationId,
    proposed,
    evaluations: evaluationsOf(plan, split, proposed.stageId),
    options: { checkpointSeconds: plan.checkpointSeconds, maxStalledAttempts: MAX_STALLED_ATTEMPTS },
    requester: requesterOf(plan, proposed, split),
    reportTo: null,
    listing,
    asksByTask: true,
    ...(plan.workers === undefined ? {} : { workers: plan.workers }),
  };
}

/** The same for every workflow that ever works for this trial, so that its stages are paid by it once. */
function requesterOf(plan: Plan, { trial }: ProposedTrial, split: Split): string {
  const name = trialName(trial);
  return `${plan.explorationId}/${split === 'search' ? name : `${split}-${name}`}`;
}

function childOptions(
  workflowId: string,
  plan: Plan,
  { proposed, split, listing }: Shown & { readonly proposed: ProposedTrial },
) {
  const scored = split === 'search' ? '' : ` (${split} split)`;
  return {
    workflowId,
    parentClosePolicy: ParentClosePolicy.ABANDON,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    staticSummary: staticSummaryText(`${trialSummary(proposed)}${scored}`),
    staticDetails: trialStaticDetails(plan, proposed, split),
    typedSearchAttributes: startAttributes(plan.name, proposed, listing),
  } as const;
}

/** A child of an earlier exploration of this name still runs under the id: it is asked to stop, then we try again. */
export async function endStranger(workflowId: string): Promise<void> {
  await cancelQuietly(workflowId);
  await sleep('2 seconds', {
    summary: summaryText(`waits for ${workflowId}, of an earlier exploration of this name, to stop`),
  });
}

async function cancelQuietly(workflowId: string): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId).cancel();
  } catch {
    // It is closed already, which is all that was wanted.
  }
}
