import { stringify } from 'yaml';
import { SPLITS } from '../../domain/plan.js';
import type { Draft, DraftBenchmark, DraftDataset, DraftModel } from './draft.js';

/** The spec, with what was seen and what one may want to change as comments. Valid as it stands. */
export function specText(draft: Draft): string {
  const { name, model, datasets, benchmarks } = draft;
  return `${[
    '# Written by `npx lamdagent init`. README.md and docs/ explain every key; `npx lamdagent validate` checks it.',
    `name: ${flow(name)}`,
    'seed: 1',
    '',
    'models:',
    `  base: ${flow(model)} # ${modelComment(draft.parameterCount, model)}`,
    '  # A second model of the same kind can be merged with it: other: { path: … }',
    '',
    'datasets:',
    ...datasets.flatMap(datasetLines),
    '',
    'actions: # a list of values is searched; what is left out has its default (docs/training.md)',
    ...actionLines(draft),
    '',
    'benchmarks: # the search sees search.jsonl alone; confirm.jsonl picks the champion; test.jsonl is opened once',
    ...benchmarks.flatMap(benchmarkLines),
    '  # What must not get worse is watched with weight 0, and held by a constraint:',
    '  # guard: { path: …, weight: 0 }',
    '# objective: { constraints: [{ benchmark: guard, atLeast: base - 0.02 }] }',
    '',
    `budget: { trials: ${String(draft.trials)} } # also gpuSeconds, wallClock: 12h, usd, llmTokens`,
    ...costLines(draft),
    '# stop: { plateau: { trials: 10, atLeast: 0.002 } }',
    '# parallel: 1 repeats bit by bit; more trials at once need more GPU workers',
    '# llm: { baseUrl: https://host/v1, model: NAME } # then an agent decides too; nothing is sent anywhere unless you say so',
  ].join('\n')}\n`;
}

/** A value on one line. */
function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}

function modelComment(parameterCount: number | null, model: DraftModel): string {
  if ('hub' in model) return 'fetched when the exploration starts, and pinned to its commit';
  return parameterCount === null ? 'the base' : `${millions(parameterCount)} parameters`;
}

function millions(count: number): string {
  return count < 1e6
    ? count.toLocaleString('en')
    : `${Number((count / 1e6).toPrecision(3)).toLocaleString('en')} million`;
}

function datasetLines({ name, path, of, rows, heldOut }: DraftDataset): readonly string[] {
  const kept = heldOut === 0 ? '' : `; ${String(heldOut)} more ask what a benchmark asks and are left out`;
  const comment = `# ${of.shape}, ${String(rows)} rows${kept}`;
  if (of.template === null) return [`  ${name}: ${flow({ path, shape: of.shape })} ${comment}`];
  return [
    `  ${name}: ${flow({ path, shape: 'columns' })} ${comment}`,
    `  ${chatName(name)}: ${flow({ template: { from: name, ...of.template } })}`,
  ];
}

/** The name of what a template makes. */
export function chatName(name: string): string {
  return `${name}-chat`;
}

function actionLines({ datasets, settings }: Draft): readonly string[] {
  const shapes = new Set(datasets.map(({ of }) => of.shape));
  const { tuning, batchSize, steps, maxLength, learningRate, preferenceLearningRate } = settings;
  const common = `tuning: ${tuning}, batchSize: ${String(batchSize)}, maxLength: ${String(maxLength)}`;
  const short = String(steps[0] ?? 100);
  const training = (kind: string, rates: string, count: string): string =>
    `  ${kind}: { parameters: { learningRate: ${rates}, steps: ${count}, ${common} } }`;
  const onPairs = rate(preferenceLearningRate);
  return [
    ...(shapes.has('sft')
      ? [`${training('sft', list(learningRate.map(rate)), list(steps.map(String)))} # one pass, or three`]
      : []),
    ...(shapes.has('preference') ? [training('dpo', onPairs, short)] : []),
    ...(shapes.has('labelled') ? [training('kto', onPairs, short)] : []),
    ...(shapes.has('verifiable') ? [training('rft', list(learningRate.map(rate)), short)] : []),
    '  merge: { parameters: { method: [linear, ties] } } # of models that the search made',
    ...(shapes.has('preference') ? ['  # Also for pairs: orpo, cpo, kto.'] : []),
  ];
}

/** Of YAML 1.1 too, 1.0e-5 is a number. */
function rate(value: number): string {
  return value.toExponential().replace(/^(\d+)e/, '$1.0e');
}

function list(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? '') : `[${values.join(', ')}]`;
}

function benchmarkLines({ name, path, made }: DraftBenchmark): readonly string[] {
  if (made === null) return [`  ${name}: ${flow({ path })} # metric: exactMatch unless you name another`];
  const { metric, maxNewTokens, items } = made;
  const counts = SPLITS.map((split) => `${split} ${String(items[split].length)}`).join(', ');
  return [`  ${name}: ${flow({ path, metric, maxNewTokens })} # items: ${counts}`];
}

/** What is known before the first trial. Seconds are measured: `validate` shows them once there are trials. */
function costLines({ settings: { tokens, operations } }: Draft): readonly string[] {
  const work = operations === null ? '' : `, about ${operations.toExponential(1)} floating-point operations`;
  return [
    `# The longest training sees roughly ${tokens.toLocaleString('en')} tokens${work}; seconds are known after some trials.`,
  ];
}
