import { asyncLocalStorage } from '@temporalio/activity';
import type { DecideInput, DecideOutput, DecisionRecord, Proposal } from '../../domain/decision.js';
import { asRecipe } from '../../domain/fidelity.js';
import type { Json } from '../../domain/json.js';
import { lastLlmTurn, mayAskLlm } from '../../domain/llmTurns.js';
import type { Plan } from '../../domain/plan.js';
import { randomOf } from '../../domain/random.js';
import { priceOf, usdOfCalls } from '../../domain/prices.js';
import { canonicalJson, sha256Hex } from '../../domain/stage.js';
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
import { promotionFor } from './promote.js';
import { keepRecord, promotedRecord, proposedRecord, type DecisionContext, type Made } from './record.js';
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
    const made = await madeDecision(options.store, context, input);
    if (made === null) return { kind: 'exhausted' };
    if (made instanceof ConsultNeeded) return consult(options.store, input, made.request);
    reach('decide/before-record');
    const kept = await keepRecord(options.store, input, made);
    reach('decide/recorded');
    return outputOf(kept, plan);
  };
}

/** A trial that may go up a rung goes first; then the policy proposes, on the lowest rung. */
async function madeDecision(
  store: Store,
  context: DecisionContext,
  input: DecideInput,
): Promise<Made | ConsultNeeded | null> {
  const ascending = promotionFor(context.plan, context.ledger, input);
  if (ascending !== null) return promotedRecord(store, { context, input }, ascending);
  if (input.only !== undefined) return null;
  const proposal = await proposalOrRequest(context);
  if (proposal === null || proposal instanceof ConsultNeeded) return proposal;
  return proposedRecord(store, { context, input }, proposal);
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
): Promise<DecisionContext> {
  const { explorationId, decision } = input;
  const recorded = await reader.plan(explorationId);
  const plan = { ...recorded, budget: input.budget ?? recorded.budget };
  const { ledger, standing } = await reader.first(explorationId, input.ledgerRows);
  const { rows, pool, open } = standing;
  const inFlight = input.inFlight.map(asRecipe);
  return {
    plan,
    ledger,
    rows,
    inFlight,
    steering: input.steering ?? [],
    decision,
    spent: input.spent,
    previous: await previousOf(reader, plan, decision),
    pool,
    open,
    ranksThen: () => standing.ranksThen(),
    tried: standing.tried(inFlight),
    random: (purpose) => randomOf(plan.seed, decision, purpose),
    llm: mayAskLlm(plan.policy, decision) ? await callLogOf(options, plan, input) : null,
    suggest: (request) =>
      input.slate === undefined ? Promise.reject(new ConsultNeeded(request)) : Promise.resolve(input.slate),
  };
}

/** The policy's own last decision that may have asked the LLM: promotions leave its memory alone. */
async function previousOf(
  reader: LedgerReader,
  { explorationId, policy }: Plan,
  decision: number,
): Promise<DecisionRecord | null> {
  for (let turn = lastLlmTurn(policy, decision); turn >= 0; turn = lastLlmTurn(policy, turn)) {
    const record = await reader.decision(explorationId, turn);
    if (record?.proposed.promotes === undefined) return record;
  }
  return null;
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

function outputOf({ proposed, calls, fallback }: DecisionRecord, { llm }: Plan): DecideOutput {
  const llmTokens = calls.reduce((total, call) => total + call.promptTokens + call.completionTokens, 0);
  return { kind: 'proposed', proposed, llmTokens, usd: usdOfCalls(llm, calls), fallback };
}
