import { asyncLocalStorage } from '@temporalio/activity';
import type { DecideInput, DecideOutput, DecisionRecord } from '../../domain/decision.js';
import { asRecipe } from '../../domain/fidelity.js';
import type { Plan } from '../../domain/plan.js';
import { poolOf, triedStageIds } from '../../domain/pool.js';
import { randomOf } from '../../domain/random.js';
import type { OrchestratorActivities } from '../../workflows/activities.js';
import { noFailpoints, type Reach } from '../failpoints.js';
import type { Store } from '../store/store.js';
import { openCallLog, type CallLog } from './callLog.js';
import { createLedgerReader, type LedgerReader } from './ledgerReader.js';
import type { OpenLlm } from './openLlm.js';
import { POLICIES } from './policies.js';
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
    if (recorded !== null) return outputOf(recorded);
    const context = await contextOf(options, reader, input);
    const made = await madeDecision(options.store, context, input);
    if (made === null) return { kind: 'exhausted' };
    reach('decide/before-record');
    const kept = await keepRecord(options.store, input, made);
    reach('decide/recorded');
    return outputOf(kept);
  };
}

/** A trial that may go up a rung goes first; then the policy proposes, on the lowest rung. */
async function madeDecision(
  store: Store,
  context: DecisionContext,
  input: DecideInput,
): Promise<Made | null> {
  const ascending = promotionFor(context.plan, context.ledger, input);
  if (ascending !== null) return promotedRecord(store, { context, input }, ascending);
  if (input.only !== undefined) return null;
  const proposal = await POLICIES[context.plan.policy].propose(context);
  return proposal === null ? null : proposedRecord(store, { context, input }, proposal);
}

async function contextOf(
  options: DecideOptions,
  reader: LedgerReader,
  input: DecideInput,
): Promise<DecisionContext> {
  const { explorationId, decision } = input;
  const plan = await reader.plan(explorationId);
  const ledger = await reader.rows(explorationId, input.ledgerRows);
  const rows = ledger.map(asRecipe);
  const inFlight = input.inFlight.map(asRecipe);
  return {
    plan,
    ledger,
    rows,
    inFlight,
    decision,
    previous: await previousOf(reader, explorationId, decision),
    pool: poolOf(plan, rows),
    tried: triedStageIds(plan, rows, inFlight),
    random: (purpose) => randomOf(plan.seed, decision, purpose),
    llm: plan.policy === 'agent' ? await callLogOf(options, plan, input) : null,
  };
}

/** The policy's own decision before this one: promotions leave its memory alone. */
async function previousOf(
  reader: LedgerReader,
  explorationId: string,
  decision: number,
): Promise<DecisionRecord | null> {
  for (let before = decision - 1; before >= 0; before -= 1) {
    const record = await reader.decision(explorationId, before);
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
    heartbeat: options.heartbeat ?? (() => activity?.heartbeat()),
  });
}

function outputOf({ proposed, calls, fallback }: DecisionRecord): DecideOutput {
  const llmTokens = calls.reduce((total, call) => total + call.promptTokens + call.completionTokens, 0);
  return { kind: 'proposed', proposed, llmTokens, fallback };
}
