import { attemptRules } from './auditAttempts.js';
import { finalRules } from './auditFinal.js';
import { gateRules } from './auditGate.js';
import { peopleRules } from './auditPeople.js';
import { fidelityRules } from './auditFidelity.js';
import { scaleRules } from './auditScale.js';
import { stageRules } from './auditStages.js';
import { trialRules } from './auditTrials.js';
import type { ContaminationRecord } from './contamination.js';
import type { DecisionRecord } from './decision.js';
import type { Intervention } from './intervention.js';
import type { Attempt } from './outcome.js';
import type { Opening } from './opening.js';
import type { Plan, Split } from './plan.js';
import type { ScalePlan, ScaleResult } from './scale.js';
import type { ExplorationResult } from './result.js';
import type { TrialRecord, TrialResult } from './trial.js';

/** An object of the store as far as the books need it. */
export interface AuditedObject {
  readonly stageId: string;
  readonly kind: string;
  /** `<explorationId>/<trial>` of the trial that paid for it; null where nobody did (imports, old objects). */
  readonly madeFor: string | null;
  readonly weightsSha256: string | null;
  readonly attempts: readonly Attempt[];
}

export interface AuditedScale {
  readonly plan: ScalePlan;
  readonly rows: readonly { readonly job: string; readonly result: TrialResult }[];
  readonly result: ScaleResult | null;
}

/** Everything an exploration left on record. */
export interface Books {
  readonly plan: Plan;
  readonly rows: readonly TrialRecord[];
  readonly decisions: readonly DecisionRecord[];
  readonly interventions: readonly Intervention[];
  /** The ledger that rows were inherited from; null where there is none, or where it is gone. */
  readonly source: readonly TrialRecord[] | null;
  /** Re-scorings of the base and the finalists on the later splits. */
  readonly finals: readonly { readonly split: Split; readonly result: TrialResult }[];
  readonly result: ExplorationResult | null;
  readonly openings: readonly Opening[];
  /** The contamination gate's record as it lies in the store, with the hash of its text; null: there is none. */
  readonly gate: { readonly sha256: string; readonly record: ContaminationRecord } | null;
  /** Scale studies, with what became of each of their models. */
  readonly scales: readonly AuditedScale[];
  /** Stopped or failed: then trials in flight have no row. */
  readonly ended: boolean;
  /** The objects that rows and finals speak of, where they are still in the store. */
  readonly objects: readonly AuditedObject[];
}

/** Something in the books that can't be. */
export interface Finding {
  /** The rule's name. */
  readonly rule: string;
  /** What was looked at, e.g. `row 7` or `stage 1a2b3c4d of t0007`. */
  readonly where: string;
  readonly expected: string;
  readonly got: string;
}

/** One invariant of the ledger. */
export interface AuditRule {
  readonly name: string;
  /** What it says, one line. */
  readonly says: string;
  readonly check: (books: Books) => readonly Finding[];
}

/** All invariants. They hold at any moment of a running exploration, and however often it was killed. */
export const AUDIT_RULES: readonly AuditRule[] = [
  ...trialRules,
  ...fidelityRules,
  ...stageRules,
  ...attemptRules,
  ...finalRules,
  ...scaleRules,
  ...peopleRules,
  ...gateRules,
];

/** Checks an exploration's whole history; empty: the books are right. */
export function auditLedger(books: Books): readonly Finding[] {
  return AUDIT_RULES.flatMap((rule) => rule.check(books));
}

/** `<what was checked>: expected <rule>, got <value>.` */
export function findingText({ rule, where, expected, got }: Finding): string {
  return `${where}: expected ${expected}, got ${got}. (${rule})`;
}
