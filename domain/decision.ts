import type { SteeringNote } from './intervention.js';
import type { Budget, PolicyName } from './plan.js';
import type { Action, ProposedTrial } from './trial.js';
import type { IdentifiedStage } from './stage.js';
import type { Slate, SuggestJob } from './suggestion.js';

/** One request to the LLM, as recorded; prompts and answers rest in the store under their hashes' keys. */
export interface LlmCall {
  readonly purpose: 'memory' | 'actionType' | 'objects';
  /** SHA-256 of the canonical JSON of the messages and the schema sent. */
  readonly promptSha256: string;
  readonly answer: string;
  /** null: the answer was accepted. */
  readonly fault: string | null;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly seconds: number;
  /** null: the price is not known. Absent in records of 0.1 (`usdOfCall`). */
  readonly usd?: number | null;
}

/** Where in a shuffled list of options a choice stood (0-based): shows position bias. */
export interface ChoicePosition {
  readonly of: string;
  readonly position: number;
  readonly options: number;
}

/** What a policy answers. */
export interface Proposal {
  readonly action: Action;
  readonly reason: string;
  /** True when the policy's own answer was unusable and a seeded valid choice took its place. */
  readonly fallback: boolean;
  /** True when the policy drew at random on purpose (its exploration floor), asking nobody. Absent: it did not. */
  readonly explored?: boolean;
  /** What the policy was told against repeating one action type; absent: nothing. */
  readonly nudge?: string;
  readonly positions: readonly ChoicePosition[];
  readonly calls: readonly LlmCall[];
  /** The agent's digest of its experience after this decision; null for policies without one. */
  readonly memory: string | null;
  /** How many ledger rows that digest knows; absent: all the policy had seen. */
  readonly memoryRows?: number;
}

/** By the rungs' own rule, or to the top after a search that brought nothing there. */
export type PromotionKind = 'promotion' | 'finalPromotion';

/** The immutable record of one decision; put before it is returned, so a retried decision is the same decision. */
export interface DecisionRecord extends Proposal {
  readonly schemaVersion: 1;
  readonly decision: number;
  /** `promotion`, `finalPromotion`: no policy was asked, the rungs decided. */
  readonly policy: PolicyName | PromotionKind;
  /** How many ledger rows the policy had seen. */
  readonly ledgerRows: number;
  readonly inFlight: readonly string[];
  /** The words of people that the policy was given; absent where there were none. */
  readonly steering?: readonly SteeringNote[];
  readonly proposed: ProposedTrial;
  readonly stage: IdentifiedStage;
}

export interface DecideInput {
  readonly explorationId: string;
  readonly decision: number;
  /** The number the new trial gets. */
  readonly trial: number;
  /** Ledger rows to read: sequences 0 … ledgerRows - 1. */
  readonly ledgerRows: number;
  readonly inFlight: readonly ProposedTrial[];
  /** What the sampler answered to the request of an earlier `consult`. */
  readonly slate?: Slate;
  /** What decisions cost so far; absent from orchestrators of 0.1. */
  readonly spent?: { readonly llmTokens: number; readonly usd: number | null };
  /** What people asked for, oldest first; absent: nothing. */
  readonly steering?: readonly SteeringNote[];
  /** The budget as it is now; absent: the plan's. */
  readonly budget?: Budget;
  /** After the search: only a promotion of this kind is wanted. Absent: a promotion, else what the policy proposes. */
  readonly only?: 'promotion' | 'final';
}
/**
 * `exhausted`: no legal action is left that was not tried, or nothing can be promoted. `consult`: nothing is decided
 * yet; have the sampler do the job, then ask again with its slate.
 */
export type DecideOutput =
  | {
      readonly kind: 'proposed';
      readonly proposed: ProposedTrial;
      readonly llmTokens: number;
      /** null: not known. Absent from orchestrators of 0.1. */
      readonly usd?: number | null;
      readonly fallback: boolean;
    }
  | { readonly kind: 'consult'; readonly job: SuggestJob }
  | { readonly kind: 'exhausted' };
