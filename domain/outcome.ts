import type { JsonObject } from './json.js';
import type { IdentifiedStage, Stage } from './stage.js';

/** How one attempt of an activity ended. `lost`: its process vanished; found out by the attempt after it. */
export const ATTEMPT_ENDS = ['completed', 'preempted', 'lost', 'failed'] as const;
export type AttemptEnd = (typeof ATTEMPT_ENDS)[number];

/** One try of a stage on one worker. A preempted or lost attempt is not a failed trial. */
export interface Attempt {
  /** 1-based; equals the fence (epoch) the attempt held, but for attempts on a larger class, which are numbered on. */
  readonly attempt: number;
  readonly worker: string;
  /** Where it computed: `cpu`, or `cuda: NVIDIA H100 80GB HBM3, 85.0 GB, compute 9.0, GPU-8f3a…`. */
  readonly device: string;
  /** The class of its worker (`gpuClass.ts`); absent or null: it has none. */
  readonly gpuClass?: string | null | undefined;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly end: AttemptEnd;
  readonly reason: string;
  /** The step of the checkpoint this attempt went on from; 0: from the start. */
  readonly resumedStep: number;
  /** The last step it was seen to finish. */
  readonly lastStep: number;
  /** Steps that later attempts, or the result, stand on. */
  readonly stepsKept: number;
  /** Steps the next attempt had to do again. */
  readonly stepsLost: number;
  readonly gpuSeconds: number;
  /** The part of gpuSeconds that bought nothing. */
  readonly lostGpuSeconds: number;
}

/** Why a stage ended without an object. Failures are data: they enter the ledger. */
export const FAILURE_STATUSES = ['diverged', 'outOfMemory', 'rejected', 'crashed'] as const;
export type FailureStatus = (typeof FAILURE_STATUSES)[number];

export interface StageFailure {
  readonly status: FailureStatus;
  readonly stageId: string;
  readonly message: string;
  readonly attempts: readonly Attempt[];
}

/** A model made (or found made) by a build stage. */
export interface BuiltModel {
  readonly status: 'completed';
  readonly stageId: string;
  /** SHA-256 over the tensors in name order (name, dtype, shape, bytes); independent of file layout. */
  readonly weightsSha256: string;
  readonly parameterCount: number;
  /** Optimiser steps done; 0 for a merge. */
  readonly steps: number;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly attempts: readonly Attempt[];
  /** True when the object was made for another requester and no work was done. */
  readonly reused: boolean;
}
export type BuildOutcome = BuiltModel | StageFailure;

/** What a score was measured with. Two scores of one benchmark compare only where these are equal. */
export interface Evaluator {
  /** SHA-256 of the split's items file. */
  readonly benchmarkSha256: string;
  /** SHA-256 of the model's chat template; null: it has none, and prompts are plain text. */
  readonly templateSha256: string | null;
  /** SHA-256 of the canonical JSON of metric, decoding, token limit, end tokens, context length and batch. */
  readonly generationSha256: string;
}

/** One model's score on one split of one benchmark. */
export interface Score {
  readonly stageId: string;
  /** Mean of the item scores, in [0, 1]. */
  readonly score: number;
  /** Standard error of that mean: sample standard deviation over sqrt(items). */
  readonly standardError: number;
  /** Those that have a score. */
  readonly items: number;
  /** null: of an object that 0.1 made. */
  readonly evaluator: Evaluator | null;
  /** Items without a score, where there are any: judgements that could not be had. */
  readonly missing?: number | null | undefined;
  readonly reused: boolean;
}
export interface Evaluated {
  readonly status: 'completed';
  readonly scores: readonly Score[];
  readonly attempts: readonly Attempt[];
}
export type EvaluateOutcome = Evaluated | StageFailure;

/** How a job is run; never part of its identity. */
export interface JobOptions {
  /** Longest training time between two checkpoints, in seconds. */
  readonly checkpointSeconds: number;
  /** Attempts in a row without a new checkpoint before the stage ends as `crashed`. */
  readonly maxStalledAttempts: number;
}

export interface BuildJob {
  readonly schemaVersion: 1;
  readonly stageId: string;
  readonly stage: Stage;
  readonly options: JobOptions;
  /** Who pays: `<explorationId>/<trial>`. An object that was made for the same requester is not reused, it is paid. */
  readonly requester: string;
  /** One line for logs, e.g. "sft on base: number, plural". */
  readonly label: string;
}

export interface EvaluateJob {
  readonly schemaVersion: 1;
  readonly modelStageId: string;
  /** Stages of kind `evaluate`, all of the same model. */
  readonly stages: readonly IdentifiedStage[];
  readonly options: JobOptions;
  readonly requester: string;
  readonly label: string;
}

export const JOB_PHASES = [
  'waiting',
  'loading',
  'sampling',
  'training',
  'merging',
  'evaluating',
  'publishing',
] as const;
/** The resume token with progress: the details of every heartbeat. A hint; the store's manifests are the truth. */
export interface JobProgress {
  readonly stageId: string;
  readonly fence: number;
  readonly phase: (typeof JOB_PHASES)[number];
  /** Optimiser steps, tensors or items done, of `steps`. */
  readonly step: number;
  readonly steps: number;
  /** The step of the newest complete checkpoint, if any. */
  readonly checkpoint: number | null;
  readonly loss: number | null;
  /** Tokens trained on per second, since this attempt began to train. */
  readonly tokensPerS: number | null;
  /** Seconds to the end of the job, by the pace of this attempt. */
  readonly etaS: number | null;
}

/** A file of an object: its path inside the object, size in bytes, SHA-256. */
export interface ObjectFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}
/** Written last; an object exists if and only if its manifest does. */
export interface Manifest {
  readonly schemaVersion: 1;
  readonly stageId: string;
  readonly kind: string;
  readonly files: readonly ObjectFile[];
  /**
   * By kind: BuiltModel, Score (with its `attempts`), or the source's facts; without the fields the reader adds
   * (`status`, `reused`), with `madeFor` (the requester that paid) where a job made it.
   */
  readonly result: JsonObject;
}
