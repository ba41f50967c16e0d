import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SPLITS, type Split } from '../../domain/plan.js';
import { shown, type Fault } from './faults.js';
import type { Spec } from './schema.js';

/** Files of a model folder that are imported; anything else (pickles, training leftovers) stays behind. */
const MODEL_FILE =
  /^(.*\.safetensors|.*\.safetensors\.index\.json|config\.json|generation_config\.json|tokenizer.*|special_tokens_map\.json|added_tokens\.json|vocab\..*|merges\.txt|chat_template.*|.*\.model)$/;

/** Everything a spec names on disk, read and checked. */
export interface CheckedFiles {
  readonly models: Readonly<Record<string, readonly string[]>>;
  readonly datasets: Readonly<
    Record<string, { readonly shape: 'sft' | 'preference'; readonly rows: number }>
  >;
  /** Items by benchmark and split. */
  readonly benchmarks: Readonly<Record<string, Readonly<Record<Split, number>>>>;
}

/** Reads all files of a spec; every fault is pushed to `faults`, with file and line. */
export async function checkFiles(spec: Spec, faults: Fault[]): Promise<CheckedFiles> {
  const models: Record<string, readonly string[]> = {};
  for (const [name, { path }] of Object.entries(spec.models))
    models[name] = await checkModel(`models.${name}`, path, faults);
  const datasets: Record<string, { shape: 'sft' | 'preference'; rows: number }> = {};
  for (const [name, { path, shape }] of Object.entries(spec.datasets))
    datasets[name] = await checkDataset(`datasets.${name}`, path, shape, faults);
  const benchmarks: Record<string, Record<Split, number>> = {};
  for (const [name, { path }] of Object.entries(spec.benchmarks))
    benchmarks[name] = await checkBenchmark(`benchmarks.${name}`, path, faults);
  shapeFaults(spec, datasets, faults);
  return { models, datasets, benchmarks };
}

async function checkModel(where: string, folder: string, faults: Fault[]): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => null);
  if (names === null) {
    faults.push({ path: where, rule: 'a folder with a model', value: folder, hint: 'Check the path.' });
    return [];
  }
  const files = names.filter((name) => MODEL_FILE.test(name)).sort();
  const lacks = (holds: boolean, what: string, hint: string): void => {
    if (!holds) faults.push({ path: where, rule: what, value: `${folder} without it`, hint });
  };
  lacks(files.includes('config.json'), 'a config.json', 'Save the model with save_pretrained.');
  lacks(
    files.some((name) => name.endsWith('.safetensors')),
    'weights as *.safetensors',
    'Pickled weights are never loaded; convert them.',
  );
  lacks(
    files.some((name) => name.startsWith('tokenizer')),
    'a tokenizer',
    'Save the tokenizer beside the model.',
  );
  return files;
}

async function readRows(
  where: string,
  file: string,
  faults: Fault[],
): Promise<readonly Record<string, unknown>[]> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) {
    faults.push({ path: where, rule: 'a readable JSONL file', value: file, hint: 'Check the path.' });
    return [];
  }
  const rows: Record<string, unknown>[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    const row = parseLine(line);
    if (row === null)
      faults.push({
        path: `${file}:${String(index + 1)}`,
        rule: 'a JSON object',
        value: shown(line),
        hint: '',
      });
    else rows.push(row);
  });
  if (rows.length === 0) faults.push({ path: where, rule: 'at least one row', value: file, hint: '' });
  return rows;
}

function parseLine(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

async function checkDataset(
  where: string,
  file: string,
  wanted: 'sft' | 'preference' | undefined,
  faults: Fault[],
) {
  const rows = await readRows(where, file, faults);
  const shapes = rows.map(shapeOf);
  const shape = wanted ?? shapes.find((one) => one !== null) ?? 'sft';
  shapes.forEach((one, index) => {
    if (one === shape) return;
    const rule = shape === 'sft' ? 'messages, prompt and completion, or text' : 'prompt, chosen and rejected';
    faults.push({
      path: `${file}:${String(index + 1)}`,
      rule,
      value: `keys ${Object.keys(rows[index] ?? {}).join(', ')}`,
      hint: `The dataset's shape is ${shape}.`,
    });
  });
  return { shape, rows: rows.length };
}

function shapeOf(row: Record<string, unknown>): 'sft' | 'preference' | null {
  if ('chosen' in row && 'rejected' in row) return 'prompt' in row ? 'preference' : null;
  return 'messages' in row || 'text' in row || ('prompt' in row && 'completion' in row) ? 'sft' : null;
}

async function checkBenchmark(
  where: string,
  folder: string,
  faults: Fault[],
): Promise<Record<Split, number>> {
  const counts = { search: 0, confirm: 0, test: 0 };
  const seen = new Map<string, string>();
  for (const split of SPLITS) {
    const file = join(folder, `${split}.jsonl`);
    const rows = await readRows(where, file, faults);
    counts[split] = rows.length;
    rows.forEach((row, index) => {
      const place = `${file}:${String(index + 1)}`;
      itemFaults(place, row, faults);
      for (const token of [`id ${shown(row['id'])}`, `question ${shown(row['messages'])}`]) {
        const earlier = seen.get(token);
        if (earlier !== undefined)
          faults.push({
            path: place,
            rule: 'an item once in all splits',
            value: token,
            hint: `It stands at ${earlier} too.`,
          });
        seen.set(token, place);
      }
    });
  }
  return counts;
}

function itemFaults(place: string, row: Record<string, unknown>, faults: Fault[]): void {
  const { id, messages, answers } = row;
  const texts =
    Array.isArray(answers) && answers.length > 0 && answers.every((answer) => typeof answer === 'string');
  if (typeof id !== 'string') faults.push({ path: place, rule: 'an id', value: shown(id), hint: '' });
  if (!Array.isArray(messages))
    faults.push({ path: place, rule: 'messages', value: shown(messages), hint: '' });
  if (!texts) faults.push({ path: place, rule: 'answers, a list of texts', value: shown(answers), hint: '' });
}

function shapeFaults(spec: Spec, datasets: CheckedFiles['datasets'], faults: Fault[]): void {
  for (const [kind, shape] of [
    ['sft', 'sft'],
    ['dpo', 'preference'],
  ] as const) {
    const action = spec.actions[kind];
    if (action === undefined) continue;
    for (const name of action.datasets ?? []) {
      const got = datasets[name]?.shape;
      if (got !== undefined && got !== shape)
        faults.push({
          path: `actions.${kind}.datasets`,
          rule: `${shape} data`,
          value: `${name}, which is ${got} data`,
          hint: '',
        });
    }
    if (!Object.values(datasets).some((one) => one.shape === shape))
      faults.push({
        path: `actions.${kind}`,
        rule: `a dataset of shape ${shape}`,
        value: 'none',
        hint: `Add one, or leave ${kind} out.`,
      });
  }
}
