import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelShape } from '../../domain/memory.js';
import type { Fault } from './faults.js';
import { configFaults } from './foreignConfig.js';
import { modelShape } from './modelShape.js';
import { BrokenWeights } from './weights.js';

/** Configuration, tokenizer and chat template; training leftovers and pickles stay behind. */
const SIDE_FILE =
  /^(config|generation_config|preprocessor_config|special_tokens_map|added_tokens)\.json$|^(tokenizer|vocab|spiece|sentencepiece|chat_template)[^/]*\.(json|txt|model|model\.v\d+|bpe|spm|jinja)$|^merges\.txt$/;
const WEIGHTS = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const SHARD = /^model(-\d+-of-\d+)?\.safetensors$/;
const PICKLE = /\.(bin|pt|pth|ckpt|pkl)$/;

/** Whether a model of a hub needs the file, by its path in the repository. */
export function isModelFile(path: string): boolean {
  return SIDE_FILE.test(path) || path === INDEX || SHARD.test(path);
}

export interface ModelFiles {
  /** Names inside the folder, sorted. */
  readonly weights: readonly string[];
  readonly others: readonly string[];
  /** Null where the weights could not be read. */
  readonly shape: ModelShape | null;
}

/** The files of a model folder that are imported; everything that is missing or broken is reported. */
export async function checkModel(
  where: string,
  folder: string,
  onFault: (fault: Fault) => void,
): Promise<ModelFiles> {
  const report = (rule: string, value: string, hint: string): void =>
    onFault({ path: where, rule, value, hint });
  const names = await readdir(folder).catch(() => null);
  if (names === null) {
    report('a folder with a model', folder, 'Check the path; it is relative to the spec file.');
    return { weights: [], others: [], shape: null };
  }
  const others = names.filter((name) => SIDE_FILE.test(name)).sort();
  if (!others.includes('config.json'))
    report('a config.json', `${folder} without it`, 'Save the model with save_pretrained.');
  for (const name of others.filter((one) => /^(.*_)?config\.json$/.test(one)))
    for (const { rule, value, hint } of await configFaults(join(folder, name))) report(rule, value, hint);
  if (!others.some((name) => /^(tokenizer|vocab|spiece|sentencepiece)/.test(name)))
    report('a tokenizer', `${folder} without it`, 'Save the tokenizer beside the model.');
  return { ...(await weightsOf(folder, names, report)), others: withIndex(names, others) };
}

function withIndex(names: readonly string[], others: readonly string[]): readonly string[] {
  return names.includes(INDEX) ? [...others, INDEX].sort() : others;
}

const UNREADABLE = { weights: [], shape: null };

async function weightsOf(
  folder: string,
  names: readonly string[],
  report: (rule: string, value: string, hint: string) => void,
): Promise<Pick<ModelFiles, 'weights' | 'shape'>> {
  const weights = names.includes(INDEX) ? await shardsOf(join(folder, INDEX)) : [WEIGHTS];
  const missing = weights.filter((name) => !names.includes(name));
  if (weights.length === 0) report(`${INDEX} with a weight_map`, join(folder, INDEX), 'Save it again.');
  for (const name of missing) report(`weights in ${name}`, `${folder} without it`, weightsAdvice(names));
  if (missing.length > 0) return UNREADABLE;
  const files = weights.map((name) => join(folder, name));
  try {
    return { weights, shape: await modelShape(files, join(folder, 'config.json')) };
  } catch (error) {
    if (!(error instanceof BrokenWeights)) throw error;
    report('whole safetensors files', error.message, 'Download or save the model again.');
    return UNREADABLE;
  }
}

/** What to do where there are no safetensors. */
export function weightsAdvice(names: readonly string[]): string {
  if (names.includes('adapter_config.json')) return 'Merge the adapter into its base model first.';
  return names.some((name) => PICKLE.test(name))
    ? 'Pickled weights can run code and are never loaded: convert them (save_pretrained of a current transformers writes safetensors).'
    : 'Save the model with save_pretrained.';
}

/** The files an index names; empty when it is none. Names with slashes would leave the folder and count as none. */
async function shardsOf(index: string): Promise<readonly string[]> {
  try {
    const { weight_map: map } = JSON.parse(await readFile(index, 'utf8')) as { weight_map?: unknown };
    const names = typeof map === 'object' && map !== null ? Object.values(map) : [];
    const plain = names.every(
      (name): name is string => typeof name === 'string' && /^[^/\\]+\.safetensors$/.test(name),
    );
    return plain ? [...new Set(names as readonly string[])].sort() : [];
  } catch {
    return [];
  }
}
