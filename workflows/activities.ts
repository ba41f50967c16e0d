import type { DecideInput, DecideOutput } from '../domain/decision.js';
import type { Inherited } from '../domain/inheritance.js';
import type { Intervention } from '../domain/intervention.js';
import type { Json } from '../domain/json.js';
import type { GpuFleet } from '../domain/gpuClass.js';
import type { ModelShape } from '../domain/memory.js';
import type { BuildJob, BuildOutcome, EvaluateJob, EvaluateOutcome, Score } from '../domain/outcome.js';
import type { Opening } from '../domain/opening.js';
import type { Plan, Split } from '../domain/plan.js';
import type { JudgedRequest } from '../domain/request.js';
import type { Confirmation, ExplorationResult } from '../domain/result.js';
import type { ScaleJob, ScalePlan, ScaleRequest, ScaleResult } from '../domain/scale.js';
import type { IdentifiedStage } from '../domain/stage.js';
import type { Slate, SuggestJob } from '../domain/suggestion.js';
import type { ProposedTrial, StageCost, TrialRecord, TrialResult } from '../domain/trial.js';

export interface PrepareInput {
  readonly spec: Json;
  /** The exploration's workflow id and the id of its very first run. */
  readonly workflowId: string;
  readonly firstRunId: string;
}
export interface Prepared {
  readonly plan: Plan;
  /** Trials 0 … (the base, then "SFT on all data" where there is SFT data), in order. */
  readonly baselines: readonly ProposedTrial[];
  /** What the ledger begins with; absent when it begins empty. */
  readonly inherited?: Inherited;
}

/** A person's trial, to be checked against the ledger. */
export interface RequestInput {
  readonly explorationId: string;
  readonly ledgerRows: number;
  /** Stage ids in flight, or waiting for their start. */
  readonly pending: readonly string[];
  readonly request:
    { readonly kind: 'propose'; readonly action: Json } | { readonly kind: 'retry'; readonly trial: number };
}

export interface LookupInput {
  /** The stage that makes the model. */
  readonly stageId: string;
  /** Evaluation stages wanted of that model. */
  readonly evaluations: readonly string[];
  /** Who asks: what was made for the same requester is booked as paid, not as reused. */
  readonly requester: string;
  /** The shapes of models are wanted too. */
  readonly sized?: true;
}
/** What a model's weights were when a trial first made it, and which (`<explorationId>/<trial>`). */
export interface BookedWeights {
  readonly weightsSha256: string;
  readonly trial: string;
}
export interface LookupOutput {
  /** Build stages without an object that the target needs, dependencies first (so the last is the target). */
  readonly missing: readonly IdentifiedStage[];
  /** Of the missing stages, by id, those that a trial made before; absent in histories that began without it. */
  readonly bookedWeights?: Readonly<Record<string, BookedWeights>>;
  /** The target's weights when its object exists. */
  readonly weightsSha256: string | null;
  /** Scores that are in the store already. */
  readonly scores: readonly Score[];
  /** Costs of the stages found: what reuse saves, or what this requester paid before its workflow was restarted. */
  readonly found: readonly StageCost[];
  /** Of the target and of all that missing stages build on, by stage id; only where they were asked for. */
  readonly shapes?: Readonly<Record<string, ModelShape>>;
}

/** A scale study as its workflow needs it. */
export interface PreparedScale {
  readonly plan: Pick<ScalePlan, 'explorationId' | 'exploration' | 'label'>;
  /** Models without a row yet. */
  readonly jobs: readonly ScaleJob[];
  /** All of the study's models. */
  readonly models: number;
  /** Jobs at once. */
  readonly parallel: number;
  readonly checkpointSeconds: number;
  /** Of the exploration's plan. */
  readonly workers?: GpuFleet;
  /** Of a study that was worked out before. */
  readonly result: ScaleResult | null;
}

/** Activities of the orchestrator worker (TypeScript). */
export interface OrchestratorActivities {
  prepare(input: PrepareInput): Promise<Prepared>;
  decide(input: DecideInput): Promise<DecideOutput>;
  /** Whether a person's trial can be run now; writes the recipe of its stage. */
  checkRequest(input: RequestInput): Promise<JudgedRequest>;
  /** Writes the record of a person's act (put-if-absent; another one under the same number is an error). */
  recordIntervention(input: { readonly explorationId: string; readonly act: Intervention }): Promise<void>;
  /** Chooses the champion from the finalists' scores on the confirm split (rows `finalRow(…, 'confirm', …)`). */
  confirm(input: FinalInput): Promise<Confirmation>;
  /** Compares champion and base on the test split, writes the result and the report. */
  conclude(input: FinalInput & { readonly stoppedBecause: string }): Promise<ExplorationResult>;
  /** Chooses the pipelines and their twins, once a label; imports another base. */
  prepareScale(request: ScaleRequest): Promise<PreparedScale>;
  /** Compares what was scored, and records the result. */
  concludeScale(study: PreparedScale['plan']): Promise<ScaleResult>;
  /** The subset of our search attributes that the namespace knows (registers them first where it may). */
  searchAttributes(): Promise<readonly string[]>;
  /** Of the given workflow ids those that are not running any more. */
  closedWorkflows(input: { readonly workflowIds: readonly string[] }): Promise<readonly string[]>;
}
export interface FinalInput {
  readonly explorationId: string;
  readonly ledgerRows: number;
  /** The trials that may become champion; absent in histories of 0.1: all that were scored. */
  readonly finalists?: readonly number[];
}

/** Look-ups and small writes. */
export interface StoreActivities {
  lookup(input: LookupInput): Promise<LookupOutput>;
  /** Writes a ledger row (put-if-absent; another content under the same sequence is an error). */
  record(input: { readonly explorationId: string; readonly row: TrialRecord }): Promise<void>;
  /** Writes a finalist's or the base's scores on a later split. */
  recordFinal(input: {
    readonly explorationId: string;
    readonly split: Split;
    readonly result: TrialResult;
  }): Promise<void>;
  /** Records that the test split is opened, before anything is scored on it; refuses a second opening. */
  openTest(input: {
    readonly explorationId: string;
    readonly by: string;
    readonly models: Opening['models'];
  }): Promise<void>;
  /** Writes what became of one model of a scale study; the first one stands. */
  recordScale(input: {
    readonly study: PreparedScale['plan'];
    readonly job: string;
    readonly result: TrialResult;
  }): Promise<void>;
  recordEnded(input: {
    readonly explorationId: string;
    readonly state: 'stopped' | 'failed';
    readonly reason: string;
  }): Promise<void>;
}

/** Activities of the GPU worker (Python). */
export interface GpuActivities {
  build(job: BuildJob): Promise<BuildOutcome>;
  evaluate(job: EvaluateJob): Promise<EvaluateOutcome>;
}

/** Activities of the GPU worker's control queue: answered beside a running job. */
export interface ControlActivities {
  suggest(job: SuggestJob): Promise<Slate>;
}
