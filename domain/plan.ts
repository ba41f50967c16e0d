import type { Fidelity } from './fidelity.js';
import type { BuildKind } from './stage.js';

/** The values a hyper-parameter may take in a search: listed choices, or a range. */
export type ParameterSpace =
  | { readonly kind: 'choices'; readonly values: readonly (number | string)[] }
  | {
      readonly kind: 'range';
      readonly low: number;
      readonly high: number;
      readonly scale: 'linear' | 'log';
      readonly integer: boolean;
    };

/** What the search may do with one action type. */
export interface ActionSpace {
  readonly kind: BuildKind;
  /** Every parameter of the action type, in the table's order. */
  readonly parameters: Readonly<Record<string, ParameterSpace>>;
  /** Dataset names it may train on (none for a merge), and how many of them at once. */
  readonly datasets: readonly string[];
  readonly maxDatasets: number;
  /** Most models at once (merges). */
  readonly maxModels: number;
}

export interface PlannedModel {
  readonly name: string;
  readonly stageId: string;
  readonly weightsSha256: string;
  readonly parameterCount: number;
}
export interface PlannedDataset {
  readonly name: string;
  readonly stageId: string;
  readonly shape: 'sft' | 'preference';
  readonly rows: number;
}
export const SPLITS = ['search', 'confirm', 'test'] as const;
export type Split = (typeof SPLITS)[number];
export interface PlannedBenchmark {
  readonly name: string;
  readonly metric: string;
  /** Share in the objective's weighted mean; 0: only watched or constrained. */
  readonly weight: number;
  readonly splits: Readonly<Record<Split, { readonly stageId: string; readonly items: number }>>;
}
/** `score(benchmark) >= base's score - margin` (relative) or `>= bound` (absolute). */
export interface Constraint {
  readonly benchmark: string;
  readonly relativeToBase: boolean;
  /** Relative: the signed offset to the base's score (e.g. -0.02). Absolute: the bound. */
  readonly bound: number;
}
export interface Budget {
  /** Trials after the baselines. */
  readonly trials: number;
  readonly gpuSeconds: number | null;
  readonly wallClockSeconds: number | null;
}
export interface LlmSettings {
  readonly baseUrl: string;
  readonly model: string;
  readonly timeoutSeconds: number;
  readonly maxTokens: number;
}
export const POLICY_NAMES = ['random', 'agent'] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/** The spec resolved: defaults filled in, files pinned by hash, everything the loop needs. */
export interface Plan {
  readonly schemaVersion: 1;
  /** `<name>-<8 digits of the hash of the first run's id>`: keys ledger and decisions. */
  readonly explorationId: string;
  readonly name: string;
  readonly seed: string;
  /** The first is the base that everything is compared with. */
  readonly models: readonly PlannedModel[];
  readonly datasets: readonly PlannedDataset[];
  readonly benchmarks: readonly PlannedBenchmark[];
  readonly actions: readonly ActionSpace[];
  readonly constraints: readonly Constraint[];
  readonly policy: PolicyName;
  readonly llm: LlmSettings | null;
  readonly budget: Budget;
  /** Trials in flight at once. */
  readonly parallel: number;
  readonly checkpointSeconds: number;
  /** Most build stages in one pipeline; null (or absent, in older plans): no limit. */
  readonly maxStages?: number | null;
  /** How many finalists are re-scored on the confirm split. */
  readonly finalists: number;
  /** Rungs of a multi-fidelity search; absent: every trial trains on all data. */
  readonly fidelity?: Fidelity;
  /** Remarks for the user, e.g. how to switch the agent on. */
  readonly notes: readonly string[];
}
