import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  isCancellation,
  CancellationScope,
  makeContinueAsNewFunc,
  patched,
  proxyActivities,
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
import { trialName, type ProposedTrial, type TrialRecord, type TrialResult } from '../domain/trial.js';
import { explorationDetails } from '../domain/details.js';
import { readableLabel, summaryText } from '../domain/summaries.js';
import type { OrchestratorActivities } from './activities.js';
import { announce, nameOf } from './announce.js';
import { PREPARE_ACTIVITY, STORE_ACTIVITY, WATCHDOG_INTERVAL } from './contract.js';
import { concludeExploration } from './conclude.js';
import { decideNext } from './decisions.js';
import { listen, type Inbox } from './inbox.js';
import { cancelTrials, MAX_RESTARTS, startTrial } from './trials.js';
import { indexing, type Index } from './searchAttributes.js';
import { storeActivities } from './store.js';

const prepareActivities = proxyActivities<Pick<OrchestratorActivities, 'prepare'>>(PREPARE_ACTIVITY);
const serviceActivities = proxyActivities<Pick<OrchestratorActivities, 'closedWorkflows'>>(STORE_ACTIVITY);
/** Explorations that began before this patch could be found by their search attributes only once they were prepared. */
const INDEXED_FIRST = 'indexed-first';

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
    const announced = carried === undefined && patched(INDEXED_FIRST) ? await announce(spec) : null;
    inbox.state ??= await prepare(spec);
    const index = announced ?? (await indexing(carried?.registered));
    const stoppedBecause = await search(spec, inbox, index);
    return await concludeExploration(inbox, index, stoppedBecause);
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => abandon(inbox));
    throw error;
  }
}

async function prepare(spec: Json): Promise<Exploration> {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const summary = summaryText(
    `prepare ${nameOf(spec) ?? workflowId}: check the spec, import models and data, find contamination`,
  );
  const input = { spec, workflowId, firstRunId: firstExecutionRunId };
  const prepared = await prepareActivities.prepare.executeWithOptions({ summary }, [input]);
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
    else if (await startNext(inbox, index, { over, closing })) continue;
    if (isAtItsEnd(inbox, over, closing)) {
      if (allHandlersFinished()) return over;
      await condition(allHandlersFinished); // what a person asks for at the last moment still counts
      continue;
    }
    await handOver(spec, inbox, index);
    await waitForNews(inbox, index);
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
async function startNext(
  inbox: Inbox,
  index: Index,
  { over, closing }: { readonly over: string | null; readonly closing: Closing },
): Promise<boolean> {
  if (inbox.ended.length > 0) return true;
  if (!mayStart(inbox.current())) return false;
  if (inbox.current().waiting.length === 0) inbox.update(withQueuedNumbered);
  const state = inbox.current();
  const first = state.waiting[0];
  if (first !== undefined) return start(inbox, index, first);
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
  return start(inbox, index, decided.proposed);
}

async function start(inbox: Inbox, { registered }: Index, proposed: ProposedTrial): Promise<true> {
  const workflowId = await startTrial(inbox.current().plan, proposed, registered);
  inbox.update((now) => withStarted(now, { proposed, workflowId, restarts: 0 }));
  return true;
}

/** Writes a ledger row for each report, in the order of arrival. */
async function bookEnded(inbox: Inbox): Promise<void> {
  for (let result = inbox.ended[0]; result !== undefined; result = inbox.ended[0]) {
    const row = rowOf(inbox.current(), result);
    if (row !== null) {
      const { explorationId } = inbox.current().plan;
      const summary = summaryText(
        `write ${trialName(row.trial)} (${row.status}) to the ledger: ${readableLabel(row.label)}`,
      );
      await storeActivities().record.executeWithOptions({ summary }, [{ explorationId, row }]);
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
      `base: expected its scores, but its evaluation ${status}: ${message.replace(/[.]?$/, '.')} Mend what it names and start the exploration again; ` +
        'what is done is reused.',
      'BaseNotScored',
    );
}

/** Waits for a report, a message, or the watchdog's hour; then looks for trials that vanished. */
async function waitForNews(inbox: Inbox, index: Index): Promise<void> {
  const seen = inbox.version;
  const hasNews = (): boolean => inbox.version !== seen || inbox.ended.length > 0;
  const summary = summaryText(waitText(inbox.current()));
  const news = await condition(hasNews, WATCHDOG_INTERVAL, { summary });
  if (!news && inbox.current().inFlight.length > 0) await reviveLost(inbox, index);
}

function waitText({ inFlight, paused }: Exploration): string {
  const trials = inFlight.map(({ proposed }) => trialName(proposed.trial)).join(', ');
  const pause = paused ? 'paused; ' : '';
  return trials === ''
    ? `${pause}waits for a message`
    : `${pause}waits for ${trials}, then looks whether they still run`;
}

/** A child that died without a signal (terminated by hand) is started again: its stages go on from their checkpoints. */
async function reviveLost(inbox: Inbox, { registered }: Index): Promise<void> {
  const workflowIds = inbox.current().inFlight.map((flight) => flight.workflowId);
  const summary = summaryText(`look whether the workflows of ${String(workflowIds.length)} trials still run`);
  const asked = serviceActivities.closedWorkflows.executeWithOptions({ summary }, [{ workflowIds }]);
  const closed = new Set(await asked);
  for (const flight of inbox.current().inFlight) {
    const spoke = inbox.ended.some((result) => result.trial === flight.proposed.trial);
    if (!closed.has(flight.workflowId) || spoke) continue;
    if (flight.restarts >= MAX_RESTARTS) inbox.ended.push(vanished(flight.proposed));
    else {
      await startTrial(inbox.current().plan, flight.proposed, registered);
      inbox.update((now) => withStarted(now, { ...flight, restarts: flight.restarts + 1 }));
    }
  }
}

function vanished(proposed: ProposedTrial): TrialResult {
  const now = new Date().toISOString();
  const message =
    `workflow of ${trialName(proposed.trial)}: expected a result, but it was closed ${String(MAX_RESTARTS + 1)} times ` +
    'without one (terminated or cancelled by hand). Its stages keep their checkpoints: have the trial tried again.';
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
  const reason = 'the workflow was cancelled';
  inbox.update((state) => ({ ...state, stopReason: reason }));
  await cancelTrials(inbox);
  setCurrentDetails(explorationDetails(inbox.current()));
  const { explorationId } = inbox.current().plan;
  const ending = { explorationId, state: 'stopped', reason } as const;
  const summary = 'write to the ledger that it was cancelled';
  await storeActivities().recordEnded.executeWithOptions({ summary }, [ending]);
}
