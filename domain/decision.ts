import type { PolicyName } from './plan.js';
import type { Action, ProposedTrial } from './trial.js';
import type { IdentifiedStage } from './stage.js';

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
  readonly positions: readonly ChoicePosition[];
  readonly calls: readonly LlmCall[];
  /** The agent's digest of its experience after this decision; null for policies without one. */
  readonly memory: string | null;
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
  /** After the search: only a promotion of this kind is wanted. Absent: a promotion, else what the policy proposes. */
  readonly only?: 'promotion' | 'final';
}
/** `exhausted`: no legal action is left that was not tried, or nothing can be promoted. */
export type DecideOutput =
  | {
      readonly kind: 'proposed';
      readonly proposed: ProposedTrial;
      readonly llmTokens: number;
      readonly fallback: boolean;
    }
  | { readonly kind: 'exhausted' };
