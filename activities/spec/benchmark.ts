import { z } from 'zod';
import { BENCHMARK_KINDS, metricsOf, type BenchmarkKind } from '../../domain/metrics.js';
import { duration, inside, path, whole } from './written.js';

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
  items: z
    .strictObject({ search: whole(1), confirm: whole(1), test: whole(1) })
    .describe('How many items it prints for each split; another number is an error.'),
  timeout: duration.default(600).describe('Longest time of one run.'),
  metric: metricOf('command'),
  weight,
});

export const BenchmarkSchema = z.discriminatedUnion(
  'kind',
  [Generation, MultipleChoice, Perplexity, Command],
  { error: ({ code }) => (code === 'invalid_union' ? `one of ${BENCHMARK_KINDS.join(', ')}` : undefined) },
);
export type Benchmark = z.output<typeof BenchmarkSchema>;
