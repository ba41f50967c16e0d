import { access, constants, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { METRICS, type ItemForm } from '../../domain/metrics.js';
import { SPLITS } from '../../domain/plan.js';
import type { Benchmark } from './benchmark.js';
import { checkBenchmark, type ItemCounts } from './benchmarkFolder.js';
import type { Shape } from './dataset.js';
import { checkDataset, type DatasetFacts } from './datasetFile.js';
import { fileDatasets, templatesOf, type DerivedDataset, type FileDataset } from './datasets.js';
import { capped, CHECK_PATH, shown, type Fault } from './faults.js';
import { checkModel, type ModelFiles } from './modelFolder.js';
import { isJsonLines } from './formats/formats.js';
import { modelFolders } from './models.js';
import type { Spec } from './schema.js';
import { rewardDataFaults } from './rewardModel.js';
import { derivedShapes, shapeFaults } from './shapes.js';

type Pinned = Extract<Benchmark, { readonly kind: 'command' | 'lmEval' }>;

/** Faults shown of one file; a wrong column would otherwise fill pages. */
const MOST_FAULTS = 10;

/** Everything a spec names on disk, read and checked. */
export interface CheckedFiles {
  readonly models: Readonly<Record<string, ModelFiles>>;
  readonly datasets: Readonly<Record<string, DatasetFacts>>;
  /** Of all datasets, the derived ones too. */
  readonly shapes: Readonly<Record<string, Shape>>;
  /** Items by benchmark and split. */
  readonly benchmarks: Readonly<Record<string, ItemCounts>>;
}

/** Reads all files a spec names by absolute paths; every fault, with file and line, is added to `faults`. */
export async function checkFiles(spec: Spec, faults: Fault[]): Promise<CheckedFiles> {
  const found: Fault[] = [];
  const files = await readFiles(spec, found);
  faults.push(...found.map((one) => withSetup(one, spec)));
  return files;
}

/** What is missing may be made as the spec says. */
function withSetup(fault: Fault, { setup }: Spec): Fault {
  return setup === undefined || fault.hint !== CHECK_PATH
    ? fault
    : { ...fault, hint: `${CHECK_PATH} ${setup}` };
}

async function readFiles(spec: Spec, faults: Fault[]): Promise<CheckedFiles> {
  const models: Record<string, ModelFiles> = {};
  for (const { name, folder } of modelFolders(spec))
    models[name] = await checkModel(`models.${name}.path`, folder, (one) => faults.push(one));
  const datasets: Record<string, DatasetFacts> = {};
  for (const dataset of fileDatasets(spec)) {
    const { facts, found } = await datasetOf(dataset, templatesOf(spec, dataset.name));
    faults.push(...found);
    if (facts !== null) datasets[dataset.name] = facts;
  }
  const benchmarks: Record<string, ItemCounts> = {};
  for (const [name, benchmark] of Object.entries(spec.benchmarks)) {
    const { counts, found } = await benchmarkOf(`benchmarks.${name}`, benchmark);
    faults.push(...found);
    benchmarks[name] = counts;
  }
  const { rewardFunction } = spec;
  if (rewardFunction !== undefined && !(await isReadable(rewardFunction.path)))
    faults.push(missing('rewardFunction.path', rewardFunction.path));
  const { shapes, found } = derivedShapes(spec, datasets);
  faults.push(...found, ...shapeFaults(spec, shapes), ...rewardDataFaults(spec, shapes));
  return { models, datasets, shapes, benchmarks };
}

async function datasetOf({ name, path: file, shape }: FileDataset, templates: readonly DerivedDataset[]) {
  const where = `datasets.${name}.path`;
  if (!(await isReadable(file))) return { facts: null, found: [missing(where, file)] };
  const found: Fault[] = [];
  const facts = await checkDataset(file, { shape, templates }, (one) => found.push(one));
  const empty = (facts?.rows ?? 0) === 0 && found.length === 0;
  return { facts, found: empty ? [noRows(where, file)] : capped(found, MOST_FAULTS, file) };
}

interface FoundBenchmark {
  readonly counts: ItemCounts;
  readonly found: readonly Fault[];
}

async function benchmarkOf(where: string, benchmark: Benchmark): Promise<FoundBenchmark> {
  if (benchmark.kind === 'command' || benchmark.kind === 'lmEval') return pinnedOf(where, benchmark);
  const { path, metric } = benchmark;
  const found = await splitsOf(`${where}.path`, path, { form: METRICS[metric].items, metric });
  const prompt =
    benchmark.kind === 'judge' ? await promptFaults(`${where}.prompt`, path, benchmark.prompt) : [];
  return { ...found, found: [...found.found, ...prompt] };
}

/** The judge's prompt is a text with a place for the answer. */
async function promptFaults(where: string, folder: string, name: string): Promise<readonly Fault[]> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => null);
  if (text?.includes('{answer}') === true) return [];
  const value = text === null ? shown(name) : 'none';
  const rule =
    text === null ? 'a readable file in the folder' : 'a prompt with {answer}, where the answer is put';
  return [{ path: where, rule, value, hint: `The folder is ${folder}.` }];
}

/** The files of a program or task are there; what it asks is known when it runs. */
async function pinnedOf(where: string, { path = '', files = [], items }: Pinned): Promise<FoundBenchmark> {
  const found: Fault[] = [];
  for (const [index, name] of files.entries()) {
    const there = await isReadable(join(path, name));
    const rule = 'a readable file in the folder';
    if (!there)
      found.push({
        ...{ path: `${where}.files.${String(index)}`, rule, value: shown(name) },
        hint: `The folder is ${path}.`,
      });
  }
  return { counts: items, found };
}

async function splitsOf(
  where: string,
  folder: string,
  items: { readonly form: ItemForm; readonly metric: string },
): Promise<FoundBenchmark> {
  const found: Record<string, Fault[]> = {};
  const absent: Fault[] = [];
  for (const split of SPLITS) {
    const file = join(folder, `${split}.jsonl`);
    found[split] = [];
    if (!(await isReadable(file))) absent.push(missing(where, file));
  }
  const none: ItemCounts = { search: 0, confirm: 0, test: 0 };
  if (absent.length > 0) return { counts: none, found: absent };
  const counts = await checkBenchmark(folder, items, (one, split) => found[split]?.push(one));
  const all = SPLITS.flatMap((split) => {
    const file = join(folder, `${split}.jsonl`);
    const empty = counts[split] === 0 && found[split]?.length === 0;
    return empty ? [noRows(where, file)] : capped(found[split] ?? [], MOST_FAULTS, file);
  });
  return { counts, found: all };
}

async function isReadable(file: string): Promise<boolean> {
  try {
    await access(file, constants.R_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

function missing(path: string, file: string): Fault {
  return {
    path,
    rule: isJsonLines(file) ? 'a readable JSONL file' : 'a readable file',
    value: file,
    hint: CHECK_PATH,
  };
}

function noRows(path: string, file: string): Fault {
  return { path, rule: 'at least one row', value: `none in ${file}`, hint: '' };
}
