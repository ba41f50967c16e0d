import { proxyActivities, setHandler } from '@temporalio/workflow';
import { budgetText, changedBudget, type BudgetChange, type ChangedBudget } from '../domain/budgetChange.js';
import { pendingStageIds, spentOf, withIntervention, type Exploration } from '../domain/exploration.js';
import type { Intervention, RequestedTrial } from '../domain/intervention.js';
import { asksLlm } from '../domain/llmTurns.js';
import { faultOfPerson, faultOfText } from '../domain/personText.js';
import { firstReason, gpuSecondBudget, wallClockBudget } from '../domain/stopRules.js';
import { summaryText } from '../domain/summaries.js';
import { trialName, trialNumber } from '../domain/trial.js';
import type { OrchestratorActivities, RequestInput } from './activities.js';
import { STORE_ACTIVITY } from './contract.js';
import type { Inbox } from './inbox.js';
import {
  budgetUpdate,
  DESCRIPTIONS,
  proposeUpdate,
  retryUpdate,
  steerUpdate,
  type ChangeBudget,
  type Propose,
  type Retry,
  type Steer,
} from './messages.js';
import { refusal, refused } from './refusal.js';

const MOST_NOTES = 20;
const MOST_QUEUED = 50;
const SEARCHING = 'a running search';

const people =
  proxyActivities<Pick<OrchestratorActivities, 'checkRequest' | 'recordIntervention'>>(STORE_ACTIVITY);

type Given<T> = T | null | undefined;
type ActOf<T> = T extends Intervention ? Omit<T, 'schemaVersion' | 'number' | 'at' | 'by'> : never;

/**
 * steer, budget, propose, retry. Each is on record before it counts: the update's acceptance, and with it the number
 * and time of the record, stand in the history before the activity writes it.
 */
export function listenToSteering(inbox: Inbox): void {
  setHandler(steerUpdate, (steer) => steered(inbox, steer), {
    description: DESCRIPTIONS.steer,
    validator: maying(inbox, faultOfSteer),
  });
  setHandler(budgetUpdate, (change) => budgeted(inbox, change), {
    description: DESCRIPTIONS.budget,
    validator: maying(inbox, faultOfChange),
  });
  setHandler(
    proposeUpdate,
    (given) => requested(inbox, given.by, { kind: 'propose', action: given.action }),
    { description: DESCRIPTIONS.propose, validator: maying(inbox, faultOfProposal) },
  );
  setHandler(
    retryUpdate,
    (given) => requested(inbox, given.by, { kind: 'retry', trial: trialNumber(given.trial) ?? 0 }),
    { description: DESCRIPTIONS.retry, validator: maying(inbox, faultOfRetry) },
  );
}

/** A validator: the search must run, and the update's words and figures must make sense. */
function maying<T extends { readonly by?: string }>(
  inbox: Inbox,
  faultOf: (state: Exploration, given: Partial<T>) => string | null,
): (given: Given<T>) => void {
  const refuse = refusal(inbox);
  return (given) => {
    refuse(SEARCHING, ({ stopReason }) => (stopReason === null ? null : 'it is stopping'));
    const state = inbox.current();
    const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
    if (!isObject)
      throw refused(`expected an object such as {"by": "ann"}, got ${JSON.stringify(given ?? null)}`);
    const fault = faultOfPerson(given.by) ?? faultOf(state, given);
    if (fault !== null) throw refused(fault);
  };
}

function faultOfSteer(state: Exploration, { text, clear }: Partial<Steer>): string | null {
  const notes = clear === true ? [] : (state.steering ?? []);
  if (clear === true && text === undefined)
    return (state.steering ?? []).length === 0 ? 'clear: expected some steering, got none so far' : null;
  if (notes.length >= MOST_NOTES)
    return `text: expected at most ${String(MOST_NOTES)} notes at once, got one more. Clear them first.`;
  return faultOfText('text', text);
}

async function steered(inbox: Inbox, { text, clear, by }: Steer): Promise<string> {
  if (clear === true && (inbox.current().steering ?? []).length > 0) await act(inbox, by, { kind: 'clear' });
  if (text !== undefined) await act(inbox, by, { kind: 'steer', text });
  const count = (inbox.current().steering ?? []).length;
  const { policy } = inbox.current().plan;
  const reader = asksLlm(policy) ? '' : `; policy ${policy} reads none of it`;
  return count === 0
    ? 'steering cleared'
    : `from the next decision on the policy minds ${String(count)} note${count === 1 ? '' : 's'}${reader}`;
}

function changed(state: Exploration, { by: _, ...change }: Partial<ChangeBudget>): ChangedBudget {
  return changedBudget(state.plan.budget, change as BudgetChange, spentOf(state, new Date().toISOString()));
}

function faultOfChange(state: Exploration, change: Partial<ChangeBudget>): string | null {
  const after = changed(state, change);
  return 'fault' in after ? after.fault : null;
}

/** The budget in the state changes only here, and acts are recorded one after another, so steps add up. */
async function budgeted(inbox: Inbox, change: ChangeBudget): Promise<string> {
  const release = await turn(inbox);
  try {
    const state = inbox.current();
    const after = changed(state, change);
    if ('fault' in after) throw refused(after.fault);
    await act(inbox, change.by, { kind: 'budget', before: state.plan.budget, after: after.budget });
    const now = inbox.current();
    return `budget: ${budgetText(now.plan.budget, spentOf(now, new Date().toISOString()))}`;
  } finally {
    release();
  }
}

function faultOfProposal(state: Exploration, { action }: Partial<Propose>): string | null {
  if (typeof action !== 'object' || action === null || Array.isArray(action))
    return `action: expected an object {kind, models, …}, got ${JSON.stringify(action ?? null)}`;
  return faultOfRequest(state);
}

function faultOfRetry(state: Exploration, { trial }: Partial<Retry>): string | null {
  const number = trialNumber(trial);
  if (number === null) return `trial: expected a trial such as t0007, got ${JSON.stringify(trial ?? null)}`;
  if (number >= state.nextTrial)
    return `trial: expected one of t0000 to ${trialName(state.nextTrial - 1)}, got ${trialName(number)}`;
  return faultOfRequest(state);
}

/** A person's trial needs no place in the budget of trials, but GPU time and hours like any other. */
function faultOfRequest(state: Exploration): string | null {
  if ((state.queued ?? []).length >= MOST_QUEUED)
    return `queue: expected at most ${String(MOST_QUEUED)} trials of people, got one more. Wait for some to start.`;
  const { gpuSeconds, wallClockSeconds } = state.plan.budget;
  const rules = [
    ...(gpuSeconds === null ? [] : [gpuSecondBudget(gpuSeconds)]),
    ...(wallClockSeconds === null ? [] : [wallClockBudget(wallClockSeconds)]),
  ];
  const reason = firstReason(rules, state, new Date().toISOString());
  return reason === null
    ? null
    : `${reason}: expected room for a trial, got none. Raise it first with \`budget\`.`;
}

async function requested(
  inbox: Inbox,
  by: string | undefined,
  request: RequestInput['request'],
): Promise<string> {
  const release = await turn(inbox);
  try {
    const trial = await checked(inbox, request);
    await act(inbox, by, { kind: request.kind, requested: trial });
    return `accepted: ${trial.label}; it starts before the policy's next trial${remark(inbox.current(), trial)}`;
  } finally {
    release();
  }
}

/** Whatever was decided while the check was under way counts too. */
async function checked(inbox: Inbox, request: RequestInput['request']): Promise<RequestedTrial> {
  const { plan, ledgerRows } = inbox.current();
  const pending = [...pendingStageIds(inbox.current())];
  const { explorationId } = plan;
  const summary = summaryText(
    `check what a person ${request.kind === 'retry' ? `wants again: ${trialName(request.trial)}` : 'proposed'}`,
  );
  const input = { explorationId, ledgerRows, pending, request };
  const judged = await people.checkRequest.executeWithOptions({ summary }, [input]);
  if (judged.kind === 'refused') throw refused(judged.reason);
  const { requested: trial } = judged;
  if (pendingStageIds(inbox.current()).has(trial.stageId))
    throw refused(`action: expected a new one, but "${trial.label}" is being tried already`);
  if (inbox.current().stopReason !== null) throw refused(`expected ${SEARCHING}, but it is stopping`);
  return trial;
}

function remark({ paused }: Exploration, { retryOf }: RequestedTrial): string {
  const again = retryOf === undefined ? '' : '; what failed by its data or settings will fail again';
  return `${paused ? ', once the exploration is resumed' : ''}${again}`;
}

/** Numbers the act, writes its record, then lets it count. The number is taken without a pause: no two acts share it. */
async function act(inbox: Inbox, by: string | undefined, what: ActOf<Intervention>): Promise<void> {
  const number = inbox.current().nextIntervention ?? 0;
  inbox.update((state) => ({ ...state, nextIntervention: number + 1 }));
  const common = { schemaVersion: 1, number, at: new Date().toISOString(), by: by ?? null } as const;
  const record = { ...common, ...what } as Intervention;
  const summary = summaryText(
    `record act ${String(number)} of a person: ${what.kind}${by ? ` by ${by}` : ''}`,
  );
  const input = { explorationId: inbox.current().plan.explorationId, act: record };
  await people.recordIntervention.executeWithOptions({ summary }, [input]);
  inbox.update((state) => withIntervention(state, record));
}

/** One at a time: the second of two equal requests sees the first. */
async function turn(inbox: Inbox): Promise<() => void> {
  const before = inbox.lastTurn;
  let release = (): void => undefined;
  inbox.lastTurn = new Promise((resolve) => (release = resolve));
  await before;
  return release;
}
