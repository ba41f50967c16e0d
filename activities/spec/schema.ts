import { z } from 'zod';
import { COST_UNITS, DEFAULT_LEVEL, POLICY_NAMES } from '../../domain/plan.js';
import { ON_MATCH } from '../../domain/contamination.js';
import { NAME } from '../../domain/names.js';
import { actionsSchema } from './actionSchema.js';
import { BenchmarkSchema } from './benchmark.js';
import { ModelSchema } from './model.js';
import { DatasetSchema } from './dataset.js';
import { WorkersSchema } from './workers.js';
import { RewardFunctionSchema } from './rewardFunction.js';
import { RewardModelSchema } from './rewardModel.js';
import { duration, endpoint, label, seconds, whole } from './written.js';

/** The user's spec, from YAML or plain JSON. Its defaults are written here, those of hyper-parameters in domain/actionTypes.ts. */
const NAME_RULE = 'a name of at most 64 lower-case letters, digits, dots, dashes, underscores';
const name = z.string(NAME_RULE).regex(NAME, NAME_RULE);

const BOUND_RULE = 'a number from 0 to 1, "base", or "base - 0.02"';
const Bound = z.union(
  [
    z.number(BOUND_RULE).min(0, BOUND_RULE).max(1, BOUND_RULE),
    z.string().regex(/^base( *[+-] *(0|1|0?\.[0-9]+|1\.0+))?$/, BOUND_RULE),
  ],
  BOUND_RULE,
);
const Constraint = z.strictObject({ benchmark: label, atLeast: Bound });

const Llm = z
  .strictObject({
    embedded: z
      .literal(true)
      .optional()
      .describe('A small model on this machine: proves the path, decides badly.'),
    baseUrl: endpoint('OPENAI_API_KEY').optional(),
    model: z.string().min(1).optional(),
    timeoutSeconds: seconds.default(120),
    maxTokens: whole(16).default(512),
    prices: z
      .strictObject({ promptPerMillion: z.number().min(0), completionPerMillion: z.number().min(0) })
      .optional()
      .describe('USD for a million tokens; the table in domain/prices.ts when left out.'),
  })
  .refine(
    ({ embedded, baseUrl, model }) =>
      embedded === true
        ? baseUrl === undefined && model === undefined
        : baseUrl !== undefined && model !== undefined,
    'either embedded: true, or baseUrl and model',
  );

const Stop = z.strictObject({
  plateau: z
    .strictObject({
      trials: whole(1, 1_000_000),
      atLeast: z
        .number()
        .min(0)
        .max(1)
        .default(0)
        .describe('Smaller gains of the best feasible score do not count.'),
    })
    .optional(),
  target: z.number().min(0).max(1).optional().describe('A feasible score that is good enough.'),
});

const SOURCE_RULE = 'the name or the id of an exploration';
const THROUGH_RULE = 'a trial such as t0012';
const Inherit = z.strictObject({
  from: z.string(SOURCE_RULE).regex(/^[a-z0-9][a-z0-9._-]{0,72}$/, SOURCE_RULE),
  through: z
    .string(THROUGH_RULE)
    .regex(/^t[0-9]{4,9}$/, THROUGH_RULE)
    .optional()
    .describe('The last trial, in the order of completion; all when left out.'),
});

const SHARE_RULE = 'a share of the data from 0.001 to 0.5';
const Fidelity = z.strictObject({
  smallest: z
    .number(SHARE_RULE)
    .min(0.001, SHARE_RULE)
    .max(0.5, SHARE_RULE)
    .default(0.25)
    .describe('No rung is below this share of the data.'),
  reduction: whole(2, 16).default(2).describe('One in so many trials of a rung goes on to the next one.'),
});

export const SpecSchema = z.strictObject({
  name: name.describe('Names the exploration; its workflow id is explore/<name>.'),
  seed: whole(0, 2 ** 32 - 1).default(1),
  setup: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe('How the files that the spec names are made or fetched; told where one is missing.'),
  models: z
    .record(label, ModelSchema)
    .describe('The first one is the base that everything is compared with.'),
  datasets: z
    .record(label, DatasetSchema)
    .default({})
    .describe('Files, and datasets made from others; docs/data.md.'),
  actions: actionsSchema(),
  rewardModel: RewardModelSchema.optional().describe(
    'Trained once, before the first action that needs it: scores sampled answers where a reward is `model`.',
  ),
  rewardFunction: RewardFunctionSchema.optional().describe(
    'A function of yours that scores sampled answers where a reward is `function`.',
  ),
  benchmarks: z.record(label, BenchmarkSchema),
  objective: z
    .strictObject({
      maximize: z.literal('weightedMean').default('weightedMean'),
      constraints: z.array(Constraint).default([]),
      level: z
        .number()
        .min(0.5)
        .max(0.9999)
        .default(DEFAULT_LEVEL)
        .describe('Of the one-sided interval by which the champion has to show each constraint.'),
    })
    .prefault({}),
  contamination: z
    .strictObject({
      onMatch: z
        .enum(ON_MATCH)
        .default('drop')
        .describe('What becomes of training rows that copy evaluation items; docs/contamination.md.'),
      rejectAbove: z
        .number()
        .min(0)
        .max(1)
        .default(0.1)
        .describe('With drop: the spec is refused when a greater share of the rows of a dataset matches.'),
    })
    .prefault({}),
  policy: z
    .enum(['auto', ...POLICY_NAMES])
    .default('auto')
    .describe('auto: hybrid where the spec names an llm, else evolution (docs/benchmarks.md compares them).'),
  llm: Llm.optional().describe('Nothing is sent to a language model unless one is named here.'),
  agent: z
    .strictObject({
      explore: z
        .number()
        .min(0)
        .max(1)
        .default(0.1)
        .describe('Share of decisions that are drawn at random without asking the llm.'),
      costs: z
        .enum(['auto', ...COST_UNITS])
        .default('auto')
        .describe(
          'How prompts tell what trials cost. auto: GPU-seconds where the budget names them, else sequences, so that a run can be repeated exactly.',
        ),
    })
    .prefault({}),
  budget: z
    .strictObject({
      trials: whole(0, 1_000_000).default(12).describe('Trials after the baselines.'),
      gpuSeconds: seconds.optional(),
      wallClock: duration.optional(),
      llmTokens: whole(1).optional().describe('Prompts and answers of all decisions together.'),
      usd: z.number().positive().optional(),
      gpuSecondsPerTrial: seconds
        .optional()
        .describe('What you expect a trial to take; the estimate until some were measured.'),
    })
    .prefault({}),
  stop: Stop.prefault({}).describe('Ends the search before its budget is used up.'),
  inherit: Inherit.optional().describe('Another exploration whose trials the ledger begins with.'),
  workers: WorkersSchema.optional().describe(
    'Classes of GPU workers; left out: one queue for all of them. docs/devices.md.',
  ),
  parallel: whole(1, 1000)
    .default(1)
    .describe('Trials in flight at once. One more than GPU workers keeps every device busy.'),
  checkpointSeconds: seconds.default(30).describe('Longest training time between two checkpoints.'),
  fidelity: Fidelity.optional().describe(
    'Tries new pipelines on a share of the data and runs the best again on more. Left out: always all data.',
  ),
  maxStages: whole(1)
    .optional()
    .describe('Most build stages (trainings, merges) in one pipeline; no limit when left out.'),
  finalists: whole(1, 100).default(3).describe('Models scored again on the confirm split.'),
});
export type Spec = z.output<typeof SpecSchema>;
