import { z } from 'zod';
import { BUILD_KINDS } from '../../domain/stage.js';

/** The user's spec, from YAML or plain JSON. Defaults are written here and nowhere else. */
export const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const name = z.string().regex(NAME, 'a name of lower-case letters, digits, dots, dashes and underscores');
const label = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a name of letters, digits, dots, dashes, underscores');
const path = z.string().min(1);
const seconds = z.number().positive();

const Range = z.strictObject({
  low: z.number(),
  high: z.number(),
  scale: z.enum(['linear', 'log']).default('linear'),
});
const Choice = z.union([z.number(), z.string()]);
/** A fixed value, a list of choices, or a range. */
export const SpaceSchema = z.union([Choice, z.array(Choice).min(1), Range]);

const Action = z.strictObject({
  datasets: z.array(label).min(1).optional(),
  maxDatasets: z.int().min(1).default(3),
  maxModels: z.int().min(2).max(16).default(4),
  parameters: z.record(z.string(), SpaceSchema).default({}),
});

const Benchmark = z.strictObject({
  path,
  metric: z.enum(['exactMatch', 'f1', 'regex', 'toolCallAst']).default('exactMatch'),
  weight: z.number().min(0).default(1),
  maxNewTokens: z.int().min(1).max(32_768).default(64),
});

const Bound = z.union([
  z.number().min(0).max(1),
  z.string().regex(/^base( *[+-] *[0-9]*\.?[0-9]+)?$/, '"base", "base - 0.02" or a number'),
]);

const Llm = z.union([
  z.strictObject({ embedded: z.literal(true) }),
  z.strictObject({
    baseUrl: z.url(),
    model: z.string().min(1),
    timeoutSeconds: seconds.default(120),
    maxTokens: z.int().min(16).default(512),
  }),
]);

export const SpecSchema = z.strictObject({
  name,
  seed: z.int().min(0).default(1),
  models: z.record(label, z.strictObject({ path })),
  datasets: z
    .record(label, z.strictObject({ path, shape: z.enum(['sft', 'preference']).optional() }))
    .default({}),
  actions: z.partialRecord(z.enum(BUILD_KINDS), Action),
  benchmarks: z.record(label, Benchmark),
  objective: z
    .strictObject({
      maximize: z.literal('weightedMean').default('weightedMean'),
      constraints: z.array(z.strictObject({ benchmark: label, atLeast: Bound })).default([]),
    })
    .prefault({}),
  policy: z.enum(['auto', 'random', 'agent']).default('auto'),
  llm: Llm.optional(),
  budget: z
    .strictObject({
      trials: z.int().min(0).default(12),
      gpuSeconds: seconds.optional(),
      wallClockSeconds: seconds.optional(),
    })
    .prefault({}),
  parallel: z.int().min(1).max(1000).default(1),
  checkpointSeconds: seconds.default(30),
  finalists: z.int().min(1).max(20).default(3),
});
export type Spec = z.infer<typeof SpecSchema>;
export type SpaceSpec = z.infer<typeof SpaceSchema>;

const KEYS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(SpecSchema.shape),
  models: ['path'],
  datasets: ['path', 'shape'],
  actions: Object.keys(Action.shape),
  benchmarks: Object.keys(Benchmark.shape),
  objective: ['maximize', 'constraints', 'benchmark', 'atLeast'],
  budget: ['trials', 'gpuSeconds', 'wallClockSeconds'],
  llm: ['embedded', 'baseUrl', 'model', 'timeoutSeconds', 'maxTokens'],
};

/** The keys a spec may have at a place. */
export function knownKeysAt(place: readonly PropertyKey[]): readonly string[] {
  return KEYS[String(place[0] ?? '')] ?? [];
}
