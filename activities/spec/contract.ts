import { z } from 'zod';
import type { Json } from '../../domain/json.js';
import type * as outcome from '../../domain/outcome.js';
import type * as recipe from '../../domain/recipe.js';
import type { TrackedRun, TrackedSeries } from '../../domain/trackedRun.js';
import type { TrainingCurve } from '../../domain/trainingCurve.js';
import { ATTEMPT_ENDS, FAILURE_STATUSES, JOB_PHASES } from '../../domain/outcome.js';
import {
  BUILD_KINDS,
  SCORER_KINDS,
  SOURCE_KINDS,
  type IdentifiedStage,
  type Stage,
} from '../../domain/stage.js';
import type * as suggestion from '../../domain/suggestion.js';
import { SAMPLED_STATES } from '../../domain/suggestion.js';

/**
 * Everything TypeScript and Python say to each other, strictly. The JSON Schema and the pydantic models are
 * generated from here (`npm run contract`); the types are held equal to the domain's at the end of this file.
 */
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const seconds = z.number().min(0);
const count = z.int().min(0);
const nullableNumber = z.number().nullable();
/** Any JSON; the cast is safe where the value came from JSON, and everything here does. */
const json = z.unknown() as z.ZodType<Json>;

export const StageSchema = z.strictObject({
  kind: z.enum([...SOURCE_KINDS, ...BUILD_KINDS, ...SCORER_KINDS, 'evaluate']),
  recipeVersion: z.int().min(1),
  inputs: z.record(z.string(), z.array(z.string())),
  parameters: z.record(z.string(), json),
  seed: z.string().regex(/^[0-9]{1,20}$/),
});
export const IdentifiedStageSchema = z.strictObject({ stageId: hash, stage: StageSchema });
export const JobOptionsSchema = z.strictObject({
  checkpointSeconds: seconds,
  maxStalledAttempts: z.int().min(1),
});
export const BuildJobSchema = z.strictObject({
  schemaVersion: z.literal(1),
  stageId: hash,
  stage: StageSchema,
  options: JobOptionsSchema,
  requester: z.string().min(1),
  label: z.string(),
});
export const EvaluateJobSchema = z.strictObject({
  schemaVersion: z.literal(1),
  modelStageId: hash,
  stages: z.array(IdentifiedStageSchema),
  options: JobOptionsSchema,
  requester: z.string().min(1),
  label: z.string(),
});
export const AttemptSchema = z.strictObject({
  attempt: z.int().min(1),
  worker: z.string(),
  device: z.string(),
  gpuClass: z.string().nullish(),
  startedAt: z.string(),
  endedAt: z.string(),
  end: z.enum(ATTEMPT_ENDS),
  reason: z.string(),
  resumedStep: count,
  lastStep: count,
  stepsKept: count,
  stepsLost: count,
  gpuSeconds: seconds,
  lostGpuSeconds: seconds,
});
export const StageFailureSchema = z.strictObject({
  status: z.enum(FAILURE_STATUSES),
  stageId: hash,
  message: z.string(),
  attempts: z.array(AttemptSchema),
});
export const BuiltModelSchema = z.strictObject({
  status: z.literal('completed'),
  stageId: hash,
  weightsSha256: hash,
  parameterCount: count,
  steps: count,
  metrics: z.record(z.string(), nullableNumber),
  attempts: z.array(AttemptSchema),
  reused: z.boolean(),
});
export const EvaluatorSchema = z.strictObject({
  benchmarkSha256: hash,
  templateSha256: hash.nullable(),
  generationSha256: hash,
});
export const ScoreSchema = z.strictObject({
  stageId: hash,
  score: z.number(),
  standardError: z.number().min(0),
  items: count,
  evaluator: EvaluatorSchema.nullable(),
  missing: count.nullish(),
  reused: z.boolean(),
});
export const EvaluatedSchema = z.strictObject({
  status: z.literal('completed'),
  scores: z.array(ScoreSchema),
  attempts: z.array(AttemptSchema),
});
export const JobProgressSchema = z.strictObject({
  stageId: hash,
  fence: count,
  phase: z.enum(JOB_PHASES),
  step: count,
  steps: count,
  checkpoint: z.int().nullable(),
  loss: nullableNumber,
  tokensPerS: nullableNumber,
  etaS: nullableNumber,
});
export const ObjectFileSchema = z.strictObject({ path: z.string(), bytes: count, sha256: hash });
export const ManifestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  stageId: hash,
  kind: z.string(),
  files: z.array(ObjectFileSchema),
  result: z.record(z.string(), json),
});

export const MadeWithSchema = z.strictObject({
  device: z.string().min(1),
  machine: z.string(),
  system: z.string(),
  python: z.string(),
  threads: z.int().min(1),
  libraries: z.record(z.string(), z.string()),
});
const column = z.array(nullableNumber);
export const TrainingCurveSchema = z.strictObject({
  schemaVersion: z.literal(1),
  stageId: hash,
  logged: count,
  step: z.array(z.number()),
  loss: column,
  learningRate: column,
  gradNorm: column,
  tokens: column,
  rewardMargin: column.nullish(),
  rewardAccuracy: column.nullish(),
  reward: column.nullish(),
});
export const RecipeSourceSchema = z.strictObject({
  name: z.string().min(1),
  kind: z.enum(['model', 'dataset']),
  stageId: hash,
  stage: StageSchema.nullable(),
  origin: z.string(),
  folder: z.string().min(1),
  files: z.array(ObjectFileSchema).min(1),
  facts: z.record(z.string(), json),
});
export const RecipeStepSchema = z.strictObject({
  name: z.string().min(1),
  does: z.string(),
  stageId: hash,
  stage: StageSchema,
  weightsSha256: hash,
  madeWith: MadeWithSchema.nullable(),
});
export const RecipeScoreSchema = z.strictObject({
  benchmark: z.string(),
  metric: z.string(),
  split: z.string(),
  score: z.number(),
  standardError: z.number().min(0),
  items: count,
  stageId: hash,
  evaluator: EvaluatorSchema.nullable(),
});
export const RecipeSchema = z.strictObject({
  schemaVersion: z.literal(1),
  exploration: z.string(),
  explorationId: z.string(),
  trial: z.string(),
  sources: z.array(RecipeSourceSchema),
  steps: z.array(RecipeStepSchema).min(1),
  scores: z.array(RecipeScoreSchema),
});

export const ConditionSchema = z.strictObject({
  dimension: z.string().min(1),
  isOneOf: z.array(z.string()).min(1),
});
export const CategoricalDimensionSchema = z.strictObject({
  kind: z.literal('categorical'),
  name: z.string().min(1),
  choices: z.array(z.string()).min(1),
  when: ConditionSchema.nullable(),
});
export const NumberDimensionSchema = z.strictObject({
  kind: z.literal('number'),
  name: z.string().min(1),
  low: z.number(),
  high: z.number(),
  scale: z.enum(['linear', 'log']),
  integer: z.boolean(),
  when: ConditionSchema.nullable(),
});
const flatValues = z.record(z.string(), z.union([z.string(), z.number()]));
export const SampledPointSchema = z.strictObject({
  state: z.enum(SAMPLED_STATES),
  values: flatValues,
  score: nullableNumber,
  violations: z.array(z.number()),
});
export const SuggestRequestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  seed: z.string().min(1),
  count: z.int().min(1),
  dimensions: z.array(z.union([CategoricalDimensionSchema, NumberDimensionSchema])).min(1),
  points: z.array(SampledPointSchema),
});
export const SuggestJobSchema = z.strictObject({
  schemaVersion: z.literal(1),
  requestKey: z.string().min(1),
  requestSha256: hash,
});
export const SlateSchema = z.strictObject({
  schemaVersion: z.literal(1),
  suggestions: z.array(flatValues),
});

export const TrackedSeriesSchema = z.strictObject({
  name: z.string().min(1),
  step: z.array(z.number()),
  value: z.array(z.number()),
});
export const TrackedRunSchema = z.strictObject({
  schemaVersion: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{16}$/),
  name: z.string().min(1),
  exploration: z.string().min(1),
  explorationId: z.string().min(1),
  status: z.enum(['running', 'finished', 'failed']),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  parameters: flatValues,
  tags: z.record(z.string(), z.string()),
  scores: z.record(z.string(), z.number()),
  series: z.array(TrackedSeriesSchema),
});

/** By the names the generated Python classes have. */
export const CONTRACT = {
  Stage: StageSchema,
  IdentifiedStage: IdentifiedStageSchema,
  JobOptions: JobOptionsSchema,
  BuildJob: BuildJobSchema,
  EvaluateJob: EvaluateJobSchema,
  Attempt: AttemptSchema,
  StageFailure: StageFailureSchema,
  BuiltModel: BuiltModelSchema,
  Evaluator: EvaluatorSchema,
  Score: ScoreSchema,
  Evaluated: EvaluatedSchema,
  JobProgress: JobProgressSchema,
  ObjectFile: ObjectFileSchema,
  Manifest: ManifestSchema,
  MadeWith: MadeWithSchema,
  TrainingCurve: TrainingCurveSchema,
  RecipeSource: RecipeSourceSchema,
  RecipeStep: RecipeStepSchema,
  RecipeScore: RecipeScoreSchema,
  Recipe: RecipeSchema,
  Condition: ConditionSchema,
  CategoricalDimension: CategoricalDimensionSchema,
  NumberDimension: NumberDimensionSchema,
  SampledPoint: SampledPointSchema,
  SuggestRequest: SuggestRequestSchema,
  SuggestJob: SuggestJobSchema,
  Slate: SlateSchema,
  TrackedSeries: TrackedSeriesSchema,
  TrackedRun: TrackedRunSchema,
} as const;

interface DomainTypes {
  readonly Stage: Stage;
  readonly IdentifiedStage: IdentifiedStage;
  readonly JobOptions: outcome.JobOptions;
  readonly BuildJob: outcome.BuildJob;
  readonly EvaluateJob: outcome.EvaluateJob;
  readonly Attempt: outcome.Attempt;
  readonly StageFailure: outcome.StageFailure;
  readonly BuiltModel: outcome.BuiltModel;
  readonly Evaluator: outcome.Evaluator;
  readonly Score: outcome.Score;
  readonly Evaluated: outcome.Evaluated;
  readonly JobProgress: outcome.JobProgress;
  readonly ObjectFile: outcome.ObjectFile;
  readonly Manifest: outcome.Manifest;
  readonly MadeWith: recipe.MadeWith;
  readonly TrainingCurve: TrainingCurve;
  readonly RecipeSource: recipe.RecipeSource;
  readonly RecipeStep: recipe.RecipeStep;
  readonly RecipeScore: recipe.RecipeScore;
  readonly Recipe: recipe.Recipe;
  readonly Condition: suggestion.Condition;
  readonly CategoricalDimension: suggestion.CategoricalDimension;
  readonly NumberDimension: suggestion.NumberDimension;
  readonly SampledPoint: suggestion.SampledPoint;
  readonly SuggestRequest: suggestion.SuggestRequest;
  readonly SuggestJob: suggestion.SuggestJob;
  readonly Slate: suggestion.Slate;
  readonly TrackedSeries: TrackedSeries;
  readonly TrackedRun: TrackedRun;
}
type ReadOnly<T> = T extends readonly (infer Item)[]
  ? readonly ReadOnly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: ReadOnly<T[Key]> }
    : T;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Inferred<Name extends keyof typeof CONTRACT> = ReadOnly<z.infer<(typeof CONTRACT)[Name]>>;
type Unequal = {
  [Name in keyof typeof CONTRACT]: Same<Inferred<Name>, DomainTypes[Name]> extends true ? never : Name;
}[keyof typeof CONTRACT];
/** Compiles only while every schema infers its domain type; else the error names the message that differs. */
export const CONTRACT_EQUALS_DOMAIN: [Unequal] extends [never] ? true : Unequal = true;
