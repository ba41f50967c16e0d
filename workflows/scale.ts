import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ChildWorkflowFailure,
  executeChild,
  ParentClosePolicy,
  patched,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  TerminatedFailure,
  upsertSearchAttributes,
  workflowInfo,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import { studyDetails } from '../domain/scaleDetails.js';
import { scaleRequester, type ScaleJob, type ScaleRequest, type ScaleResult } from '../domain/scale.js';
import { readableLabel, staticSummaryText, summaryText } from '../domain/summaries.js';
import type { TrialResult } from '../domain/trial.js';
import type { OrchestratorActivities, PreparedScale } from './activities.js';
import { STORE_ACTIVITY, workflowIds } from './contract.js';
import { DESCRIPTIONS, scaleQuery, type ScaleAnswer } from './messages.js';
import { pipeline, type PipelineInput } from './pipeline.js';
import { KEYS, registeredNames } from './searchAttributes.js';
import { storeActivities } from './store.js';
import { startAttributes, type TrialListing } from './trialListing.js';
import { endStranger, MAX_RESTARTS, MAX_STALLED_ATTEMPTS } from './trials.js';

/** Studies that began before this patch have no search attributes. */
const INDEXED = 'indexed-scale';

const studies =
  proxyActivities<Pick<OrchestratorActivities, 'prepareScale' | 'concludeScale'>>(STORE_ACTIVITY);

/**
 * Runs the best pipelines of an exploration again in another size, and compares each with its original on the confirm
 * split. What is in the store already costs nothing, so a study that was cut short goes on when it is started again.
 */
export async function scale(request: ScaleRequest): Promise<ScaleResult> {
  let answer: ScaleAnswer | null = null;
  setHandler(scaleQuery, () => answer, { description: DESCRIPTIONS.scaleStatus });
  const tell = (change: (now: ScaleAnswer) => ScaleAnswer): void => {
    if (answer === null) return;
    answer = change(answer);
    setCurrentDetails(studyDetails(answer));
  };
  const registered = patched(INDEXED) ? await registeredNames() : [];
  if (registered.includes(KEYS.ExplorationName.name))
    upsertSearchAttributes([{ key: KEYS.ExplorationName, value: request.exploration }]);
  const begin = summaryText(`choose the best pipelines of ${request.exploration} and their twins`);
  const prepared = await studies.prepareScale.executeWithOptions({ summary: begin }, [request]);
  if (prepared.result !== null) return prepared.result;
  const { plan, jobs, models } = prepared;
  answer = { label: plan.label, models, waiting: jobs.map(({ name }) => name), running: [], ended: [] };
  await eachAtMost(jobs, prepared.parallel, async (job) => {
    const workflowId = workflowIds.scaled(workflowInfo().workflowId, job.name);
    tell((now) => started(now, job, workflowId));
    const listing = { registered, split: null, benchmarks: [] };
    const result = await runJob(prepared, job, { workflowId, listing });
    const summary = summaryText(`write ${job.name} (${result.status}) to the study's ledger`);
    await storeActivities().recordScale.executeWithOptions({ summary }, [
      { study: plan, job: job.name, result },
    ]);
    tell((now) => ended(now, job, result));
  });
  const summary = summaryText(`compare the ${String(models)} models of ${plan.label} and write the result`);
  return studies.concludeScale.executeWithOptions({ summary }, [plan]);
}

/** A failed pipeline is a result; it reports to nobody, since its parent waits for it. */
async function runJob(
  { plan, checkpointSeconds, workers }: PreparedScale,
  job: ScaleJob,
  { workflowId, listing }: { readonly workflowId: string; readonly listing: TrialListing },
): Promise<TrialResult> {
  const { trial, stageId, label, evaluations } = job;
  const nothing = { origin: 'proposed', decision: null, action: null } as const;
  const input: PipelineInput = {
    explorationId: plan.explorationId,
    proposed: { trial, stageId, label, ...nothing },
    evaluations,
    options: { checkpointSeconds, maxStalledAttempts: MAX_STALLED_ATTEMPTS },
    requester: scaleRequester(plan, job.name),
    reportTo: null,
    listing,
    asksByTask: true,
    ...(workers === undefined ? {} : { workers }),
  };
  for (let restarts = 0; ;) {
    try {
      return await executeChild(pipeline, {
        args: [input],
        workflowId,
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
        staticSummary: staticSummaryText(`${job.name} ${readableLabel(label)}`),
        typedSearchAttributes: startAttributes(plan.exploration, input.proposed, listing),
      });
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) await endStranger(workflowId);
      else if (isTerminated(error) && restarts < MAX_RESTARTS) restarts += 1;
      else throw error;
    }
  }
}

/** A child that was terminated by hand goes on from its checkpoints. */
function isTerminated(error: unknown): boolean {
  return error instanceof ChildWorkflowFailure && error.cause instanceof TerminatedFailure;
}

/** In order, `most` at once. */
async function eachAtMost<T>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
}

function started(now: ScaleAnswer, { name, label }: ScaleJob, workflowId: string): ScaleAnswer {
  const waiting = now.waiting.filter((job) => job !== name);
  return { ...now, waiting, running: [...now.running, { job: name, workflowId, label }] };
}

function ended(now: ScaleAnswer, { name }: ScaleJob, { status }: TrialResult): ScaleAnswer {
  const running = now.running.filter(({ job }) => job !== name);
  return { ...now, running, ended: [...now.ended, { job: name, status }] };
}
