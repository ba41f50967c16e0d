import { asyncLocalStorage } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { DecideInput, DecideOutput, DecisionRecord, Proposal } from '../../domain/decision.js';
import type { Json } from '../../domain/json.js';
import { lastLlmTurn, mayAskLlm } from '../../domain/llmTurns.js';
import type { Plan } from '../../domain/plan.js';
import { nameInPool, poolOf, triedStageIds } from '../../domain/pool.js';
import { randomOf } from '../../domain/random.js';
import { priceOf, usdOfCalls } from '../../domain/prices.js';
import { canonicalJson, identify, sha256Hex } from '../../domain/stage.js';
import { describeAction, stageOfAction } from '../../domain/stageOfAction.js';
import type { SuggestRequest } from '../../domain/suggestion.js';
import type { OrchestratorActivities } from '../../workflows/activities.js';
import { noFailpoints, type Reach } from '../failpoints.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { openCallLog, type CallLog } from './callLog.js';
import { createLedgerReader, type LedgerReader } from './ledgerReader.js';
import type { OpenLlm } from './openLlm.js';
import { POLICIES } from './policies.js';
import { ConsultNeeded, type PolicyContext } from './policy.js';
import { PROMPT_VERSION } from './prompts/version.js';

export interface DecideOptions {
  readonly store: Store;
  readonly openLlm: OpenLlm;
  readonly reach?: Reach;
  /** Default: the Temporal activity's own, inside one. */
  readonly heartbeat?: () => void;
}

/** The activity that chooses the next action. A decision that is on record is returned as it stands. */
export function createDecide(options: DecideOptions): OrchestratorActivities['decide'] {
  const reader = createLedgerReader(options.store);
  const { reach = noFailpoints } = options;
  return async (input) => {
    const recorded = await reader.decision(input.explorationId, input.decision);
    const plan = await reader.plan(input.explorationId);
    if (recorded !== null) return outputOf(recorded, plan);
    const context = await contextOf(options, reader, input);
    const proposal = await proposalOrRequest(context);
    if (proposal === null) return { kind: 'exhausted' };
    if (proposal instanceof ConsultNeeded) return consult(options.store, input, proposal.request);
    reach('decide/before-record');
    const kept = await keepRecord(options.store, input, recordOf(context, input, proposal));
    reach('decide/recorded');
    return outputOf(kept, plan);
  };
}

async function proposalOrRequest(context: PolicyContext): Promise<Proposal | ConsultNeeded | null> {
  try {
    return await POLICIES[context.plan.policy].propose(context);
  } catch (error) {
    if (error instanceof ConsultNeeded) return error;
    throw error;
  }
}

/** The request grows with the ledger, so it goes through the store; under its own hash, so that it is never another. */
async function consult(store: Store, input: DecideInput, request: SuggestRequest): Promise<DecideOutput> {
  const text = canonicalJson(request as unknown as Json);
  const requestSha256 = sha256Hex(text);
  const requestKey = keys.suggestRequest(input.explorationId, input.decision, requestSha256);
  await store.putIfAbsent(requestKey, text);
  return { kind: 'consult', job: { schemaVersion: 1, requestKey, requestSha256 } };
}

async function contextOf(
  options: DecideOptions,
  reader: LedgerReader,
  input: DecideInput,
): Promise<PolicyContext> {
  const { explorationId, decision, inFlight } = input;
  const recorded = await reader.plan(explorationId);
  const plan = { ...recorded, budget: input.budget ?? recorded.budget };
  const rows = await reader.rows(explorationId, input.ledgerRows);
  return {
    plan,
    rows,
    inFlight,
    steering: input.steering ?? [],
    decision,
    spent: input.spent,
    previous: await reader.decision(explorationId, lastLlmTurn(plan.policy, decision)),
    pool: poolOf(plan, rows),
    tried: triedStageIds(plan, rows, inFlight),
    random: (purpose) => randomOf(plan.seed, decision, purpose),
    llm: mayAskLlm(plan.policy, decision) ? await callLogOf(options, plan, input) : null,
    suggest: (request) =>
      input.slate === undefined ? Promise.reject(new ConsultNeeded(request)) : Promise.resolve(input.slate),
  };
}

async function callLogOf(options: DecideOptions, plan: Plan, input: DecideInput): Promise<CallLog | null> {
  if (plan.llm === null) return null;
  // Undefined outside an activity: in tests and programs that call this directly.
  const activity = asyncLocalStorage.getStore();
  const client = await options.openLlm(plan.llm, activity?.cancellationSignal);
  return openCallLog(input.explorationId, input.decision, {
    store: options.store,
    client,
    model: plan.llm.model,
    promptVersion: PROMPT_VERSION,
    price: priceOf(plan.llm),
    heartbeat: options.heartbeat ?? (() => activity?.heartbeat()),
  });
}

function recordOf(context: PolicyContext, input: DecideInput, proposal: Proposal): DecisionRecord {
  const { plan, pool } = context;
  const { action } = proposal;
  const stage = identify(stageOfAction(plan, action));
  if (context.tried.has(stage.stageId))
    throw ApplicationFailure.nonRetryable(
      `policy ${plan.policy}: expected an action that was not tried, got ${stage.stageId}`,
      'PolicyBug',
    );
  return {
    schemaVersion: 1,
    decision: input.decision,
    policy: plan.policy,
    ledgerRows: input.ledgerRows,
    inFlight: input.inFlight.map((one) => one.stageId),
    ...(input.steering === undefined ? {} : { steering: input.steering }),
    ...proposal,
    stage,
    proposed: {
      trial: input.trial,
      origin: 'policy',
      decision: input.decision,
      action,
      stageId: stage.stageId,
      label: describeAction(plan, action, (stageId) => nameInPool(pool, stageId)),
    },
  };
}

/** The recipe first, then the decision; where another worker was faster, its decision is the decision. */
async function keepRecord(store: Store, input: DecideInput, record: DecisionRecord): Promise<DecisionRecord> {
  const { stageId, stage } = record.stage;
  await store.putIfAbsent(keys.stage(stageId), canonicalJson(stage as unknown as Json));
  const key = keys.decision(input.explorationId, input.decision);
  if (await store.putIfAbsent(key, `${JSON.stringify(record)}\n`)) return record;
  const first = await store.read(key);
  if (first === null)
    throw ApplicationFailure.retryable(`${key}: expected the record, got none`, 'RecordMissing');
  return JSON.parse(first) as DecisionRecord;
}

function outputOf({ proposed, calls, fallback }: DecisionRecord, { llm }: Plan): DecideOutput {
  const llmTokens = calls.reduce((total, call) => total + call.promptTokens + call.completionTokens, 0);
  return { kind: 'proposed', proposed, llmTokens, usd: usdOfCalls(llm, calls), fallback };
}
