import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  isCancellation,
  CancellationScope,
  makeContinueAsNewFunc,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import {
  beginExploration,
  endOfSearch,
  isQueueEmpty,
  mayStart,
  rowOf,
  withDecision,
  withQueuedNumbered,
  withRow,
  withStarted,
  type Exploration,
} from '../domain/exploration.js';
import { closingStep, withClosing } from '../domain/closing.js';
import { withInherited } from '../domain/inheritance.js';
import type { Json } from '../domain/json.js';
import { isLongHistory } from '../domain/longHistory.js';
import type { ExplorationResult } from '../domain/result.js';
import type { ProposedTrial, TrialRecord, TrialResult } from '../domain/trial.js';
import { explorationDetails } from '../domain/details.js';
import type { OrchestratorActivities, StoreActivities } from './activities.js';
import { LOCAL_ACTIVITY, PREPARE_ACTIVITY, STORE_ACTIVITY, WATCHDOG_INTERVAL } from './contract.js';
import { concludeExploration } from './conclude.js';
import { decideNext } from './decisions.js';
import { listen, type Inbox } from './inbox.js';
import { cancelTrials, MAX_RESTARTS, startTrial } from './trials.js';
import { indexing, type Index } from './searchAttributes.js';

const prepareActivities = proxyActivities<Pick<OrchestratorActivities, 'prepare'>>(PREPARE_ACTIVITY);
const serviceActivities = proxyActivities<Pick<OrchestratorActivities, 'closedWorkflows'>>(STORE_ACTIVITY);
const ledger = proxyLocalActivities<Pick<StoreActivities, 'record' | 'recordEnded'>>(LOCAL_ACTIVITY);

/** What continue-as-new hands to the next run. */
export interface Carried {
  readonly state: Exploration;
  readonly registered: readonly string[];
  /** Reports that arrived and were not yet booked. */
  readonly ended: readonly TrialResult[];
}

/**
 * One exploration: prepare, baselines, search, confirm, test. `spec` is the user's spec as plain JSON;
 * `carried` is only ever given by continue-as-new.
 */
export async function explore(spec: Json, carried?: Carried): Promise<ExplorationResult> {
  const inbox = listen(carried ?? null);
  try {
    inbox.state ??= await prepare(spec);
    const index = await indexing(carried?.registered);
    const stoppedBecause = await search(spec, inbox, index);
    return await concludeExploration(inbox, index, stoppedBecause);
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => abandon(inbox));
    throw error;
  }
}

async function prepare(spec: Json): Promise<Exploration> {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const prepared = await prepareActivities.prepare({ spec, workflowId, firstRunId: firstExecutionRunId });
  const begun = beginExploration(prepared.plan, prepared.baselines, new Date().toISOString());
  return prepared.inherited === undefined ? begun : withInherited(begun, prepared.inherited);
}

/** The loop: book what ended, start what may start, wait. Returns why no more trials were proposed. */
async function search(spec: Json, inbox: Inbox, index: Index): Promise<string> {
  for (;;) {
    await bookEnded(inbox);
    publish(inbox, index);
    const now = new Date().toISOString();
    const over = endOfSearch(inbox.current(), now);
    const closing = over === null ? null : closingStep(inbox.current(), now);
    if (inbox.current().stopReason !== null) await cancelTrials(inbox);
    else if (await startNext(inbox, over, closing)) continue;
    if (isAtItsEnd(inbox, over, closing)) {
      if (allHandlersFinished()) return over;
      await condition(allHandlersFinished); // what a person asks for at the last moment still counts
      continue;
    }
    await handOver(spec, inbox, index);
    await waitForNews(inbox);
  }
}

type Closing = ReturnType<typeof closingStep>;

function isAtItsEnd(inbox: Inbox, over: string | null, closing: Closing): over is string {
  const state = inbox.current();
  if (over === null || closing !== null || state.inFlight.length > 0) return false;
  return isQueueEmpty(state) || state.stopReason !== null;
}

/**
 * Starts one trial if one may start: a baseline first, then what people asked for, else a promotion or what the policy
 * decides.
 */
async function startNext(inbox: Inbox, over: string | null, closing: Closing): Promise<boolean> {
  if (inbox.ended.length > 0) return true;
  if (!mayStart(inbox.current())) return false;
  if (inbox.current().waiting.length === 0) inbox.update(withQueuedNumbered);
  const state = inbox.current();
  const first = state.waiting[0];
  if (first !== undefined) return start(inbox, first);
  if (over !== null && closing === null) return false;
  const decided = await decideNext(inbox, closing);
  if (decided.kind === 'stopped') return true;
  if (closing !== null) inbox.update((now) => withClosing(now, closing, decided.kind === 'proposed'));
  if (decided.kind === 'exhausted') {
    if (inbox.current().inFlight.length > 0) return false;
    if (closing !== null) return true;
    inbox.update((now) => ({ ...now, exhausted: true }));
    return true;
  }
  inbox.update((now) => withDecision(now, decided));
  return start(inbox, decided.proposed);
}

async function start(inbox: Inbox, proposed: ProposedTrial): Promise<true> {
  const workflowId = await startTrial(inbox.current().plan, proposed, 'search');
  inbox.update((now) => withStarted(now, { proposed, workflowId, restarts: 0 }));
  return true;
}

/** Writes a ledger row for each report, in the order of arrival. */
async function bookEnded(inbox: Inbox): Promise<void> {
  for (let result = inbox.ended[0]; result !== undefined; result = inbox.ended[0]) {
    const row = rowOf(inbox.current(), result);
    if (row !== null) {
      await ledger.record({ explorationId: inbox.current().plan.explorationId, row });
      inbox.update((now) => withRow(now, row));
      refuseUnscoredBase(row);
    }
    inbox.ended.shift();
  }
}

/** Everything is compared with the base: without its scores there is nothing to search for. */
function refuseUnscoredBase({ origin, status, message }: TrialRecord): void {
  if (origin === 'base' && status !== 'completed')
    throw ApplicationFailure.nonRetryable(
      `base: expected its scores, but its evaluation ${status}: ${message}`,
      'BaseNotScored',
    );
}

/** Waits for a report, a message, or the watchdog's hour; then looks for trials that vanished. */
async function waitForNews(inbox: Inbox): Promise<void> {
  const seen = inbox.version;
  const news = await condition(() => inbox.version !== seen || inbox.ended.length > 0, WATCHDOG_INTERVAL);
  if (!news && inbox.current().inFlight.length > 0) await reviveLost(inbox);
}

/** A child that died without a signal (terminated by hand) is started again: its stages go on from their checkpoints. */
async function reviveLost(inbox: Inbox): Promise<void> {
  const workflowIds = inbox.current().inFlight.map((flight) => flight.workflowId);
  const closed = new Set(await serviceActivities.closedWorkflows({ workflowIds }));
  for (const flight of inbox.current().inFlight) {
    const spoke = inbox.ended.some((result) => result.trial === flight.proposed.trial);
    if (!closed.has(flight.workflowId) || spoke) continue;
    if (flight.restarts >= MAX_RESTARTS) inbox.ended.push(vanished(flight.proposed));
    else {
      await startTrial(inbox.current().plan, flight.proposed, 'search');
      inbox.update((now) => withStarted(now, { ...flight, restarts: flight.restarts + 1 }));
    }
  }
}

function vanished(proposed: ProposedTrial): TrialResult {
  const now = new Date().toISOString();
  const message = `the trial's workflow ended ${String(MAX_RESTARTS + 1)} times without a result`;
  const { trial, stageId } = proposed;
  const nothing = { weightsSha256: null, scores: {}, stages: [], metrics: {} };
  return { trial, stageId, status: 'crashed', message, ...nothing, startedAt: now, endedAt: now };
}

/**
 * Keeps the history bounded, and where workers are versioned moves to the build that is current now. Trials in flight
 * are abandoned children and go on (on the build they began on); they report to the workflow id.
 */
async function handOver(spec: Json, inbox: Inbox, index: Index): Promise<void> {
  const { continueAsNewSuggested, targetWorkerDeploymentVersionChanged: isOutdated } = workflowInfo();
  if (!continueAsNewSuggested && !isOutdated && !isLong()) return;
  await condition(allHandlersFinished);
  const carried: Carried = { state: inbox.current(), registered: index.registered, ended: inbox.ended };
  const next = isOutdated ? ({ initialVersioningBehavior: 'AUTO_UPGRADE' } as const) : {};
  await makeContinueAsNewFunc<typeof explore>(next)(spec, carried);
}

/** Runs that began before this patch went on until the server suggested it, when a history is longer than it should get. */
function isLong(): boolean {
  return isLongHistory(workflowInfo()) && patched('hand-over-before-suggested');
}

function publish(inbox: Inbox, index: Index): void {
  setCurrentDetails(explorationDetails(inbox.current()));
  index.write(inbox.current());
}

async function abandon(inbox: Inbox): Promise<void> {
  if (inbox.state === null) return;
  await cancelTrials(inbox);
  const { explorationId } = inbox.current().plan;
  await ledger.recordEnded({ explorationId, state: 'stopped', reason: 'the workflow was cancelled' });
}
