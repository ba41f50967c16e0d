/** How a benchmark is scored; the GPU worker has a table of the same kinds (evaluate/kinds.py). */
export const BENCHMARK_KINDS = [
  'generation',
  'multipleChoice',
  'perplexity',
  'command',
  'lmEval',
  'judge',
] as const;
export type BenchmarkKind = (typeof BENCHMARK_KINDS)[number];
/** What a line of a benchmark's files holds beside its id. */
export type ItemForm = 'answers' | 'calls' | 'choices' | 'text' | 'questions';

interface MetricType {
  readonly kind: BenchmarkKind;
  /** null: the items are known to the benchmark's program alone. */
  readonly items: ItemForm | null;
  /** Every item is right (1) or wrong (0). */
  readonly counted: boolean;
}

/** Every metric of ours, a kind's default first; `lmEval` takes its tasks' own. docs/evaluation.md says what each one measures. */
export const METRICS = {
  exactMatch: { kind: 'generation', items: 'answers', counted: true },
  f1: { kind: 'generation', items: 'answers', counted: false },
  regex: { kind: 'generation', items: 'answers', counted: true },
  toolCallAst: { kind: 'generation', items: 'answers', counted: true },
  bfclAst: { kind: 'generation', items: 'calls', counted: true },
  accuracy: { kind: 'multipleChoice', items: 'choices', counted: true },
  accuracyNormalised: { kind: 'multipleChoice', items: 'choices', counted: true },
  probabilityPerByte: { kind: 'perplexity', items: 'text', counted: false },
  judged: { kind: 'judge', items: 'questions', counted: false },
  reported: { kind: 'command', items: null, counted: false },
} as const satisfies Readonly<Record<string, MetricType>>;
export type Metric = keyof typeof METRICS;
export type MetricOf<Kind extends BenchmarkKind> = {
  [Name in Metric]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never;
}[Metric];

export function metricsOf<Kind extends BenchmarkKind>(
  kind: Kind,
): readonly [MetricOf<Kind>, ...MetricOf<Kind>[]] {
  const names = Object.keys(METRICS) as Metric[];
  return names.filter((name) => METRICS[name].kind === kind) as [MetricOf<Kind>, ...MetricOf<Kind>[]];
}

/** Of metrics of plans that this version doesn't know: no. */
export function isCounted(metric: string): boolean {
  return Object.hasOwn(METRICS, metric) && METRICS[metric as Metric].counted;
}
