import { z } from 'zod';
import {
  BENCHMARK_KINDS,
  METRICS,
  metricsOf,
  type BenchmarkKind,
  type ItemForm,
} from '../../domain/metrics.js';
import { duration, endpoint, inside, path, seconds, whole } from './written.js';

/** A benchmark as a spec has it; its kind says which keys there are. */
const weight = z
  .number()
  .min(0)
  .default(1)
  .describe('Share in the weighted mean; 0: only watched or constrained.');
const splits = path.describe('A folder with search.jsonl, confirm.jsonl and test.jsonl.');
const metricOf = <Kind extends BenchmarkKind>(kind: Kind) =>
  z.enum(metricsOf(kind)).default(metricsOf(kind)[0] as never);

const MODEL_RULE = 'an argument with {model}, where the path of the model is put';

const itemsOf = (meaning: string) =>
  z.strictObject({ search: whole(1), confirm: whole(1), test: whole(1) }).describe(meaning);

const Generation = z.strictObject({
  kind: z.literal('generation').optional().describe('Answers are generated, then compared. The default.'),
  path: splits,
  metric: metricOf('generation'),
  weight,
  maxNewTokens: whole(1, 32_768).default(64),
});
const MultipleChoice = z.strictObject({
  kind: z.literal('multipleChoice').describe('The most probable of given choices.'),
  path: splits,
  metric: metricOf('multipleChoice'),
  weight,
});
const Perplexity = z.strictObject({
  kind: z.literal('perplexity').describe('How probable a text is, per byte.'),
  path: splits,
  metric: metricOf('perplexity'),
  weight,
});
const Command = z.strictObject({
  kind: z.literal('command').describe('A program of yours that prints scores; docs/evaluation.md.'),
  path: path.describe('The folder that holds the files. The program runs in a copy of them.'),
  command: z
    .array(z.string().min(1))
    .min(1)
    .refine((words) => words.some((word) => word.includes('{model}')), MODEL_RULE)
    .describe('Program and arguments, no shell. {model}, {split} and {python} are filled in.'),
  files: z.array(inside).min(1).describe('All that the program needs of the folder; pinned by content.'),
  items: itemsOf('How many items it prints for each split; another number is an error.'),
  timeout: duration.default(600).describe('Longest time of one run.'),
  metric: metricOf('command'),
  weight,
});

const LmEval = z
  .strictObject({
    kind: z.literal('lmEval').describe('A task of lm-eval; docs/evaluation.md.'),
    task: z.string().min(1).describe("Its name: of lm-eval's own, or the `task` of the YAML file in `path`."),
    path: path.optional().describe('The folder of a task of yours; left out for a task of lm-eval.'),
    files: z
      .array(inside)
      .min(1)
      .optional()
      .describe('All that your task needs of the folder; pinned by content.'),
    items: itemsOf('How many of its documents each split has; drawn without replacement.'),
    seed: whole(0).default(0).describe('Which documents the splits have.'),
    metric: z.string().min(1).describe("One of the task's metrics: a number from 0 to 1 of each document."),
    filter: z.string().min(1).optional().describe("One of the task's filters; the first when left out."),
    fewshot: whole(0, 1000).optional().describe("Examples in a prompt; the task's own number when left out."),
    chatTemplate: z
      .boolean()
      .default(false)
      .describe("Whether prompts are put into the model's chat template."),
    weight,
  })
  .refine((one) => (one.path === undefined) === (one.files === undefined), {
    error: 'path and files together, or neither',
    path: ['files'],
  });

const Judge = z.strictObject({
  kind: z
    .literal('judge')
    .describe('Answers are generated, then rated by another model; docs/evaluation.md.'),
  path: splits,
  prompt: inside.default('judge.md').describe("The judge's prompt, a file of the folder; pinned by content."),
  judge: z.strictObject({
    baseUrl: endpoint('LAMDAGENT_JUDGE_API_KEY').describe(
      'An OpenAI-compatible endpoint. Its key is LAMDAGENT_JUDGE_API_KEY of the GPU workers.',
    ),
    model: z.string().min(1).describe('Name a dated version: what an alias means changes.'),
    maxTokens: whole(16).default(512).describe('Of a judgement.'),
    timeoutSeconds: seconds.default(120),
    tries: whole(1, 20).default(4).describe('Before a judgement counts as missing.'),
  }),
  scale: z
    .strictObject({ low: z.int().default(1), high: z.int().default(10) })
    .refine(({ low, high }) => low < high, 'low below high')
    .prefault({})
    .describe('Of ratings, whole numbers; low is score 0, high is score 1.'),
  maxNewTokens: whole(1, 32_768).default(512),
  maxMissing: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.05)
    .describe('Share of items that may lack a judgement; with more the trial is rejected.'),
  metric: metricOf('judge'),
  weight,
});

export const BenchmarkSchema = z.discriminatedUnion(
  'kind',
  [Generation, MultipleChoice, Perplexity, Command, LmEval, Judge],
  { error: ({ code }) => (code === 'invalid_union' ? `one of ${BENCHMARK_KINDS.join(', ')}` : undefined) },
);
export type Benchmark = z.output<typeof BenchmarkSchema>;

/** The form of the items that its files hold; null: they are known to the GPU worker alone. */
export function itemFormOf(benchmark: Benchmark): ItemForm | null {
  return benchmark.kind === 'lmEval' ? null : METRICS[benchmark.metric].items;
}
