import { stat } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { absentAsNull } from '../store/durable.js';
import { isBenchmarkFolder, lookAt, nameOf, type DataFile } from './dataFile.js';
import type { Draft, DraftBenchmark, DraftDataset, DraftModel } from './draft.js';
import { askedIn, benchmarkOf, TooFewQuestions, type MadeBenchmark } from './measure.js';
import type { ModelFacts } from './modelFacts.js';
import { settingsFor } from './settings.js';
import { countAsked } from './write.js';

/** Enough to see more than chance; a person knows better what a trial may cost. */
export const TRIALS = 20;

/** What a person has, and where the spec will lie. */
export interface Given {
  readonly name: string;
  /** The spec's folder, absolute. */
  readonly folder: string;
  /** A folder, absolute, or `owner/name` of a hub. */
  readonly model: { readonly path: string } | { readonly hub: string };
  readonly facts: ModelFacts | null;
  /** Files, and folders of benchmarks; absolute. */
  readonly data: readonly string[];
  /** The budget of the search. */
  readonly trials: number;
}

/** Decides what is trained on and what is measured, so that nothing is both. Throws UnknownData and TooFewQuestions. */
export async function makeDraft(given: Given): Promise<{ draft: Draft; asked: ReadonlySet<string> }> {
  const [folders, files] = await sorted(given.data);
  const looked: DataFile[] = [];
  for (const file of files) looked.push(distinct(await lookAt(file), looked));
  const training = looked.filter(({ use }) => use === 'training');
  if (training.length === 0)
    throw new TooFewQuestions(
      `--data: expected a file to train on, got ${looked.length === 0 ? 'none' : 'files to measure with alone'}. ` +
        'Rows of messages, of prompt and completion, or of prompt, chosen and rejected are trained on; ' +
        'a name with test or eval marks a file to measure with.',
    );
  const made = await benchmarksOf(looked, training, folders.length > 0);
  const asked = askedIn(made);
  const datasets: DraftDataset[] = [];
  for (const of of training) datasets.push(await datasetOf(of, { folder: given.folder, asked }));
  const draft: Draft = {
    name: given.name,
    model: modelOf(given),
    parameterCount: given.facts?.parameterCount ?? null,
    datasets,
    benchmarks: [
      ...folders.map((folder) => benchmarkIn(given.folder, folder)),
      ...made.map((one) => ({ name: one.name, path: `./benchmarks/${one.name}`, made: one })),
    ],
    settings: settingsFor(
      given.facts,
      datasets.map(({ of, rows }) => ({ ...of, rows })),
    ),
    trials: given.trials,
  };
  return { draft, asked };
}

/** Folders of benchmarks, and files. */
async function sorted(data: readonly string[]): Promise<readonly [readonly string[], readonly string[]]> {
  const folders: string[] = [];
  const files: string[] = [];
  for (const one of data) {
    const isFolder = (await absentAsNull(stat(one)))?.isDirectory() === true;
    if (isFolder && !(await isBenchmarkFolder(one)))
      throw new TooFewQuestions(
        `--data: expected a file, or a folder with search.jsonl, confirm.jsonl and test.jsonl, got ${one}. Name its files.`,
      );
    (isFolder ? folders : files).push(one);
  }
  return [folders, files];
}

/** Two files may have one name. */
function distinct(file: DataFile, before: readonly DataFile[]): DataFile {
  const taken = new Set(before.map(({ name }) => name));
  let name = file.name;
  for (let number = 2; taken.has(name); number += 1) name = `${file.name}-${String(number)}`;
  return { ...file, name };
}

/** Of the files that are there to measure with; without any, of held-out rows: of those that teach answers first. */
async function benchmarksOf(
  looked: readonly DataFile[],
  training: readonly DataFile[],
  hasFolder: boolean,
): Promise<readonly MadeBenchmark[]> {
  const measuring = looked.filter(({ use }) => use === 'evaluation');
  if (measuring.length === 0 && hasFolder) return [];
  const taught = training.filter(({ shape }) => shape === 'sft');
  const from = measuring.length > 0 ? measuring : taught.length > 0 ? taught : training;
  const made: MadeBenchmark[] = [];
  for (const file of from) made.push(await benchmarkOf(file));
  return made;
}

async function datasetOf(
  of: DataFile,
  { folder, asked }: { readonly folder: string; readonly asked: ReadonlySet<string> },
): Promise<DraftDataset> {
  const heldOut = await countAsked(of, asked);
  const path = heldOut > 0 ? `./data/${of.name}-train.jsonl` : inSpec(folder, of.file);
  return { name: of.name, path, of, rows: of.rows - heldOut, heldOut };
}

function modelOf({ folder, model }: Given): DraftModel {
  return 'hub' in model ? model : { path: inSpec(folder, model.path) };
}

function benchmarkIn(folder: string, path: string): DraftBenchmark {
  return { name: nameOf(basename(path)), path: inSpec(folder, path), made: null };
}

/** Relative where it lies in the spec's folder, so that both can be moved together. */
function inSpec(folder: string, path: string): string {
  const inside = relative(folder, resolve(path));
  return inside.startsWith('..') ? resolve(path) : `./${join(inside)}`;
}
