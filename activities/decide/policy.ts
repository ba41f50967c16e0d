import type { Proposal } from '../../domain/decision.js';
import type { SteeringNote } from '../../domain/intervention.js';
import type { Plan, PolicyName } from '../../domain/plan.js';
import type { Random } from '../../domain/random.js';
import type { Space } from '../../domain/space.js';
import type { ProposedTrial, TrialRecord } from '../../domain/trial.js';
import type { CallLog } from './callLog.js';

/** Everything a policy may look at. Equal contexts give equal proposals. */
export interface PolicyContext extends Space {
  readonly plan: Plan;
  /** The ledger, in the order of completion. */
  readonly rows: readonly TrialRecord[];
  readonly inFlight: readonly ProposedTrial[];
  /** What people asked to be minded, oldest first. */
  readonly steering: readonly SteeringNote[];
  /** The number of this decision, from 0. */
  readonly decision: number;
  /** What the decision before left: its digest, and how many rows it had seen. */
  readonly previous: { readonly memory: string | null; readonly ledgerRows: number } | null;
  /** A generator that depends on the exploration's seed, the decision's number and the purpose alone. */
  random(purpose: string): Random;
  /** The recorded way to the LLM; null when the plan names none. */
  readonly llm: CallLog | null;
}

/** A way to choose the next action. */
export interface Policy {
  readonly name: PolicyName;
  /** A legal action that was not tried; null: none is left. */
  propose(context: PolicyContext): Promise<Proposal | null>;
}
