import type { DecideInput, Proposal } from '../../domain/decision.js';
import type { SteeringNote } from '../../domain/intervention.js';
import type { Plan, PolicyName } from '../../domain/plan.js';
import type { Random } from '../../domain/random.js';
import type { Space } from '../../domain/space.js';
import type { Suggest, SuggestRequest } from '../../domain/suggestion.js';
import type { QuantilesThen } from '../../domain/modelRanks.js';
import type { Action, ProposedTrial, TrialRecord } from '../../domain/trial.js';
import type { CallLog } from './callLog.js';

/** Everything a policy may look at. Equal contexts give equal proposals. */
export interface PolicyContext extends Space {
  readonly plan: Plan;
  /** The ledger, in the order of completion. */
  readonly rows: readonly TrialRecord[];
  readonly inFlight: readonly ProposedTrial[];
  /** By trial, the rank quantiles of its models when it was booked; absent: to be worked out from the rows. */
  readonly ranksThen?: () => QuantilesThen;
  /** What people asked to be minded, oldest first. */
  readonly steering: readonly SteeringNote[];
  /** The number of this decision, from 0. */
  readonly decision: number;
  /** What the decision before (of those that may ask the LLM) left: its digest, how many rows that knows, and how many the decision had seen. */
  readonly previous: {
    readonly memory: string | null;
    readonly memoryRows?: number;
    readonly ledgerRows: number;
  } | null;
  /** What decisions cost so far; absent: not told. */
  readonly spent?: DecideInput['spent'];
  /** A generator that depends on the exploration's seed, the decision's number and the purpose alone. */
  random(purpose: string): Random;
  /** The recorded way to the LLM; null when the plan names none. */
  readonly llm: CallLog | null;
  /** Asks the sampler; rejects with `ConsultNeeded` where its slate must be fetched first. */
  readonly suggest: Suggest;
}

/** The decision can't be made here and now: the caller has to fetch the slate of this request, and decide again with it. */
export class ConsultNeeded extends Error {
  override readonly name = 'ConsultNeeded';
  constructor(readonly request: SuggestRequest) {
    super('decision: expected the slate of its request, got none. Decide again with it.');
  }
}

/** A way to choose the next action. */
export interface Policy {
  readonly name: PolicyName;
  /** A legal action that was not tried; null: none is left. */
  propose(context: PolicyContext): Promise<Proposal | null>;
}

/** A proposal of a policy that asks no LLM. */
export function plainProposal(action: Action, reason: string): Proposal {
  return { action, reason, fallback: false, positions: [], calls: [], memory: null };
}
