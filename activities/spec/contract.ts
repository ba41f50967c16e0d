import { z } from 'zod';
import type * as outcome from '../../domain/outcome.js';
import { ATTEMPT_ENDS, FAILURE_STATUSES, JOB_PHASES } from '../../domain/outcome.js';
import { BUILD_KINDS, SOURCE_KINDS, type IdentifiedStage, type Stage } from '../../domain/stage.js';

/**
 * Everything TypeScript and Python say to each other, strictly. The JSON Schema and the pydantic models are
 * generated from here (`npm run contract`); the types are held equal to the domain's at the end of this file.
 */
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const seconds = z.number().min(0);
const count = z.int().min(0);
const nullableNumber = z.number().nullable();

export const StageSchema = z.strictObject({
  kind: z.enum([...SOURCE_KINDS, ...BUILD_KINDS, 'evaluate']),
  recipeVersion: z.int().min(1),
  inputs: z.record(z.string(), z.array(z.string())),
  parameters: z.record(z.string(), z.unknown()),
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
  label: z.string(),
});
export const EvaluateJobSchema = z.strictObject({
  schemaVersion: z.literal(1),
  modelStageId: hash,
  stages: z.array(IdentifiedStageSchema),
  options: JobOptionsSchema,
  label: z.string(),
});
export const AttemptSchema = z.strictObject({
  attempt: z.int().min(1),
  worker: z.string(),
  device: z.string(),
  startedAt: z.string(),
  endedAt: z.string(),
  end: z.enum(ATTEMPT_ENDS),
  reason: z.string(),
  resumedStep: count,
  lastStep: count,
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
export const ScoreSchema = z.strictObject({
  stageId: hash,
  score: z.number(),
  standardError: z.number().min(0),
  items: count,
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
  checkpoint: nullableNumber,
  loss: nullableNumber,
  tokensPerSecond: nullableNumber,
  etaSeconds: nullableNumber,
});
export const ObjectFileSchema = z.strictObject({ path: z.string(), bytes: count, sha256: hash });
export const ManifestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  stageId: hash,
  kind: z.string(),
  files: z.array(ObjectFileSchema),
  result: z.record(z.string(), z.unknown()),
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
  Score: ScoreSchema,
  Evaluated: EvaluatedSchema,
  JobProgress: JobProgressSchema,
  ObjectFile: ObjectFileSchema,
  Manifest: ManifestSchema,
} as const;

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
/** Compiles only while every schema and its domain type describe the same values. */
export const CONTRACT_EQUALS_DOMAIN: readonly true[] = [
  true satisfies Same<z.infer<typeof StageSchema>['kind'], Stage['kind']>,
  true satisfies Same<keyof z.infer<typeof StageSchema>, keyof Stage>,
  true satisfies Same<keyof z.infer<typeof IdentifiedStageSchema>, keyof IdentifiedStage>,
  true satisfies Same<Readonly<z.infer<typeof JobOptionsSchema>>, outcome.JobOptions>,
  true satisfies Same<keyof z.infer<typeof BuildJobSchema>, keyof outcome.BuildJob>,
  true satisfies Same<keyof z.infer<typeof EvaluateJobSchema>, keyof outcome.EvaluateJob>,
  true satisfies Same<Readonly<z.infer<typeof AttemptSchema>>, outcome.Attempt>,
  true satisfies Same<keyof z.infer<typeof StageFailureSchema>, keyof outcome.StageFailure>,
  true satisfies Same<keyof z.infer<typeof BuiltModelSchema>, keyof outcome.BuiltModel>,
  true satisfies Same<Readonly<z.infer<typeof ScoreSchema>>, outcome.Score>,
  true satisfies Same<keyof z.infer<typeof EvaluatedSchema>, keyof outcome.Evaluated>,
  true satisfies Same<Readonly<z.infer<typeof JobProgressSchema>>, outcome.JobProgress>,
  true satisfies Same<Readonly<z.infer<typeof ObjectFileSchema>>, outcome.ObjectFile>,
  true satisfies Same<keyof z.infer<typeof ManifestSchema>, keyof outcome.Manifest>,
];
