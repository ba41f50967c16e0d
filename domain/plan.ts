import type { Price } from './prices.js';
import type { ContaminationSummary } from './contamination.js';
import type { OperationName } from './data/operations.js';
import type { DatasetShape } from './dataShapes.js';
import type { Fidelity } from './fidelity.js';
import type { GpuFleet } from './gpuClass.js';
import type { JsonObject } from './json.js';
import type { ModelShape } from './memory.js';
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
  /** What its memory depends on; absent where the model was imported before shapes were read. */
  readonly shape?: ModelShape;
  /** Of a model from a hub. */
  readonly hub?: HubPin;
}
/** A repository of a hub as it was taken. */
export interface HubPin {
  /** `owner/name`. */
  readonly id: string;
  /** 40 hexadecimal digits. */
  readonly commit: string;
  /** As the spec names it; null: it names none. */
  readonly revision: string | null;
}
export interface PlannedDataset {
  readonly name: string;
  readonly stageId: string;
  /** `columns`: only a template reads it. */
  readonly shape: DatasetShape;
  readonly rows: number;
  readonly hub?: HubPin;
  /** Of a dataset that is made from others. */
  readonly derivation?: Derivation;
}
/** How a dataset is made from others. */
export interface Derivation {
  readonly operation: OperationName;
  /** Names of what it is made from. */
  readonly from: readonly string[];
  readonly parameters: JsonObject;
  /** Rows of all of its inputs. */
  readonly rowsBefore: number;
  /** Rows that were left out, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Training keeps the order of its rows. */
  readonly keepsOrder: boolean;
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
  /** Of the policy's requests to the LLM, prompts and answers together. Absent in plans of 0.1, like all below. */
  readonly llmTokens?: number | null;
  readonly usd?: number | null;
  /** What the user expects one trial to take: the estimate until trials of the kind were measured. */
  readonly gpuSecondsPerTrial?: number | null;
}
/** When a search ends before its budget is used up. */
export interface StopSettings {
  /** Ends after `trials` trials that did not raise the best feasible score by `atLeast`. */
  readonly plateau: { readonly trials: number; readonly atLeast: number } | null;
  /** Ends when a feasible trial scores at least this. */
  readonly target: number | null;
}
/** Another exploration whose trials this one's ledger begins with. */
export interface Inheritance {
  readonly name: string;
  readonly explorationId: string;
  /** The first rows of that ledger: sequences 0 … rows - 1 were looked at. */
  readonly rows: number;
  /** Rows taken over: this ledger's sequences 0 … kept - 1. */
  readonly kept: number;
  /** Rows left out, by reason. */
  readonly leftOut: readonly { readonly reason: string; readonly rows: number }[];
}
export interface LlmSettings {
  readonly baseUrl: string;
  readonly model: string;
  readonly timeoutSeconds: number;
  readonly maxTokens: number;
  /** What the endpoint charges; null: not known. Absent in plans of 0.1 (`priceOf`). */
  readonly price?: Price | null;
}
/** How prompts tell what trials cost: measured GPU-seconds, or sequences trained on, which no clock changes. */
export const COST_UNITS = ['seconds', 'sequences'] as const;
export interface AgentSettings {
  /** The share of decisions that are drawn at random without asking, in [0, 1]. */
  readonly explore: number;
  readonly costs: (typeof COST_UNITS)[number];
}
export const POLICY_NAMES = ['random', 'evolution', 'tpe', 'agent', 'hybrid'] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/** The level of a plan that names none. */
export const DEFAULT_LEVEL = 0.95;

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
  /** Of the one-sided interval that has to show a constraint on the confirm split; absent in plans of 0.1: 0.95. */
  readonly level?: number;
  readonly policy: PolicyName;
  readonly llm: LlmSettings | null;
  /** Absent in plans of 0.1, which never explore and tell no costs. */
  readonly agent?: AgentSettings;
  readonly budget: Budget;
  /** Trials in flight at once. */
  readonly parallel: number;
  readonly checkpointSeconds: number;
  /** Most build stages in one pipeline; null (or absent, in older plans): no limit. */
  readonly maxStages?: number | null;
  /** How many finalists are re-scored on the confirm split. */
  readonly finalists: number;
  /** Absent in plans of 0.1. */
  readonly stop?: StopSettings;
  /** Absent when the ledger begins empty. */
  readonly inherited?: Inheritance;
  /** Classes of GPU workers; absent: one queue for all. */
  readonly workers?: GpuFleet;
  /** Rungs of a multi-fidelity search; absent: every trial trains on all data. */
  readonly fidelity?: Fidelity;
  /** Remarks for the user, e.g. how to switch the agent on. */
  readonly notes: readonly string[];
  /** What the contamination gate found; absent in plans that were made before there was one. */
  readonly contamination?: ContaminationSummary;
}
