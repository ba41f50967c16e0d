import { ApplicationFailure } from '@temporalio/common';
import type { DecideInput, DecisionRecord, Proposal } from '../../domain/decision.js';
import { lowestRung } from '../../domain/fidelity.js';
import { nameInPool } from '../../domain/pool.js';
import { stageIdOf } from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import { trialName, type ProposedTrial, type TrialRecord } from '../../domain/trial.js';
import { keys } from '../store/keys.js';
import { putRecipes } from '../store/recipes.js';
import type { Store } from '../store/store.js';
import type { PolicyContext } from './policy.js';
import type { Ascending } from './promote.js';
import { atRung, type AtRung } from './rung.js';

/** What policies see, and the ledger as it is: there a stage id is that of the rung. */
export interface DecisionContext extends PolicyContext {
  readonly ledger: readonly TrialRecord[];
}

/** A decision with the recipes that must be on record before it. */
export interface Made {
  readonly record: DecisionRecord;
  readonly stages: AtRung['stages'];
}

interface Asked {
  readonly context: DecisionContext;
  readonly input: DecideInput;
}

/** What the policy proposed, on the lowest rung. */
export async function proposedRecord(store: Store, asked: Asked, proposal: Proposal): Promise<Made> {
  const { plan, tried } = asked.context;
  const recipeId = stageIdOf(stageOfAction(plan, proposal.action));
  if (tried.has(recipeId))
    throw ApplicationFailure.nonRetryable(
      `policy ${plan.policy}: expected an action that was not tried, got ${recipeId}`,
      'PolicyBug',
    );
  const of = { policy: plan.policy, origin: 'policy', fidelity: lowestRung(plan) } as const;
  return made(store, { ...asked, proposal }, of);
}

/** The same pipeline on more data; no policy was asked, so there is no memory of it. */
export async function promotedRecord(
  store: Store,
  asked: Asked,
  { kind, promotion, reason }: Ascending,
): Promise<Made | null> {
  const { row, fidelity } = promotion;
  if (row.action === null) return null;
  const nothing = { fallback: false, positions: [], calls: [], memory: null };
  const proposal = { action: row.action, reason: `${trialName(row.trial)} goes up: ${reason}`, ...nothing };
  const of = { policy: kind, origin: 'promotion', fidelity, promotes: row.trial } as const;
  return made(store, { ...asked, proposal }, of);
}

async function made(
  store: Store,
  { context, input, proposal }: Asked & { readonly proposal: Proposal },
  of: Pick<DecisionRecord, 'policy'> &
    Pick<ProposedTrial, 'origin' | 'promotes'> & { readonly fidelity: number },
): Promise<Made> {
  const { plan, pool } = context;
  const { action } = proposal;
  const nameOf = (stageId: string): string => nameInPool(pool, stageId);
  const { stage, stages, place } = await atRung(store, plan, { action, fidelity: of.fidelity, nameOf });
  const { trial, decision, ledgerRows } = input;
  const promotes = of.promotes === undefined ? {} : { promotes: of.promotes };
  const record: DecisionRecord = {
    schemaVersion: 1,
    decision,
    policy: of.policy,
    ledgerRows,
    inFlight: input.inFlight.map((one) => one.stageId),
    ...(input.steering === undefined ? {} : { steering: input.steering }),
    ...proposal,
    stage,
    proposed: { trial, origin: of.origin, decision, action, ...place, ...promotes },
  };
  return { record, stages };
}

/** The recipes first, then the decision; where another worker was faster, its decision is the decision. */
export async function keepRecord(
  store: Store,
  input: DecideInput,
  { record, stages }: Made,
): Promise<DecisionRecord> {
  await putRecipes(store, stages);
  const key = keys.decision(input.explorationId, input.decision);
  if (await store.putIfAbsent(key, `${JSON.stringify(record)}\n`)) return record;
  const first = await store.read(key);
  if (first === null)
    throw ApplicationFailure.retryable(`${key}: expected the record, got none`, 'RecordMissing');
  return JSON.parse(first) as DecisionRecord;
}
