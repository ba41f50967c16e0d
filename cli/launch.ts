import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { loadExploration } from '../activities/ledger/read.js';
import type { Spec } from '../activities/spec/schema.js';
import { specDetails } from '../activities/spec/specDetails.js';
import type { ExplorationResult } from '../domain/result.js';
import { staticSummaryText } from '../domain/summaries.js';
import { EXIT, UserFault } from '../workers/fault.js';
import { QUEUES, WORKFLOW_TYPES, workflowIds } from '../workflows/contract.js';
import type { Context } from './context.js';
import { differences, memoOf, MEMO_KEY, readStart, StartMemo, writeStart } from './starts.js';

export interface Wanted {
  readonly spec: Spec;
  /** Begin a new exploration under the name, whatever there is. */
  readonly fresh: boolean;
  /** The options the person gave; others are taken from what exists. */
  readonly asked: readonly string[] | 'all';
}
export type Launched = 'started' | 'attached' | 'finished';

const CANCEL_MS = 20_000;

/** The result of a finished exploration of this name, if it is the one that is wanted. Needs no server. */
export async function finishedBefore(
  context: Context,
  { spec, fresh, asked }: Wanted,
): Promise<ExplorationResult | null> {
  if (fresh) return null;
  const found = await loadExploration(context.store, spec.name);
  if (found?.result === null || found === null) return null;
  refuseOthers(readStart(context.home, spec.name, found.pointer.explorationId), { spec, fresh, asked });
  return found.result;
}

/** Starts the exploration once: a running or finished one of the same options is that one. */
export async function launch(context: Context, client: Client, wanted: Wanted): Promise<Launched> {
  const { spec, fresh } = wanted;
  const workflowId = workflowIds.exploration(spec.name);
  const existing = await describe(client, workflowId);
  if (existing !== null && fresh) await end(context, client, existing);
  else if (existing?.status.name === 'RUNNING' || existing?.status.name === 'COMPLETED') {
    refuseOthers(StartMemo.safeParse(existing.memo?.[MEMO_KEY]).data ?? null, wanted);
    return existing.status.name === 'RUNNING' ? 'attached' : 'finished';
  } else if (existing !== null)
    context.terminal.say(
      `the last run of ${spec.name} ended as ${existing.status.name.toLowerCase()}; beginning a new one`,
    );
  const memo = memoOf(spec);
  const handle = await client.workflow.start(WORKFLOW_TYPES.explore, {
    taskQueue: QUEUES.orchestrator,
    workflowId,
    args: [spec],
    memo: { [MEMO_KEY]: memo },
    ...headOf(spec),
  });
  writeStart(context.home, spec.name, { ...memo, firstRunId: handle.firstExecutionRunId });
  return 'started';
}

/** The head of its page in the Web UI. */
export function headOf(spec: Spec): { readonly staticSummary: string; readonly staticDetails: string } {
  const trials = `${String(spec.budget.trials)} trials, seed ${String(spec.seed)}`;
  return {
    staticSummary: staticSummaryText(`exploration ${spec.name}: ${trials}`),
    staticDetails: specDetails(spec),
  };
}

async function describe(client: Client, workflowId: string): Promise<WorkflowExecutionDescription | null> {
  try {
    return await client.workflow.getHandle(workflowId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** Gently first: a cancelled exploration cancels its trials, which would otherwise go on. */
async function end(context: Context, client: Client, existing: WorkflowExecutionDescription): Promise<void> {
  if (existing.status.name !== 'RUNNING') return;
  context.terminal.say(`--fresh: ending the running exploration ${existing.workflowId}`);
  const handle = client.workflow.getHandle(existing.workflowId);
  await handle.cancel();
  const deadline = Date.now() + CANCEL_MS;
  while (Date.now() < deadline) {
    if ((await describe(client, existing.workflowId))?.status.name !== 'RUNNING') return;
    await sleep(200);
  }
  await handle.terminate('replaced by a fresh start');
}

/** An exploration started in another way has no record: then it is taken as it is. */
function refuseOthers(stored: StartMemo | null, { spec, asked }: Wanted): void {
  const changed = stored === null ? [] : differences(stored, memoOf(spec), asked);
  if (changed.length === 0) return;
  throw new UserFault(
    `exploration ${spec.name}: expected the options it was started with, got ${changed.join('; ')}. ` +
      'Leave them out to go on with it, or begin a new one under the same name with --fresh.',
    EXIT.usage,
  );
}
