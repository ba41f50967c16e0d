import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Manifest, ObjectFile } from '../../domain/outcome.js';
import type { Recipe, RecipeSource } from '../../domain/recipe.js';
import type { TrialRecord } from '../../domain/trial.js';
import type { StoredExploration } from '../ledger/read.js';
import { tensorEntries, weightsFacts } from '../spec/weights.js';
import { absentAsNull, codeOf, makeFolder, syncPath } from '../store/durable.js';
import { fileInside } from '../store/names.js';
import type { Store } from '../store/store.js';
import { cardText } from './card.js';
import { writePython } from './python.js';
import { recipeOfTrial } from './recipe.js';
import { recipeText } from './recipeText.js';

export interface ExportOptions {
  /** A folder that is new or empty. */
  readonly folder: string;
  /** Copies the base model too, so that nothing else is needed to make the model again. */
  readonly withBase: boolean;
  /** Copies the datasets. */
  readonly withData: boolean;
  /** The folder of our Python project. */
  readonly python: string;
  /** Makes a model that was collected again, from a recipe; gives the folder it lies in. `places`: where its sources are. */
  readonly rebuild: (recipe: string, output: string, places: readonly string[]) => Promise<string>;
}

/** What went wrong that a person can mend. */
export class ExportFault extends Error {
  override readonly name = 'ExportFault';
}

/**
 * Writes a trial's model with all that is needed to use it, judge it and make it again. Everything is staged beside the
 * folder and renamed once, so that a kill leaves no half of it. Throws ExportFault and NotInStore.
 */
export async function exportTrial(
  store: Store,
  of: { readonly found: StoredExploration; readonly row: TrialRecord },
  options: ExportOptions,
): Promise<Recipe> {
  const target = resolve(options.folder);
  await requireEmpty(target);
  const recipe = await recipeOfTrial(store, of.found, of.row);
  await makeFolder(dirname(target));
  await clearStale(target);
  const staged = `${stagedPrefix(target)}${randomUUID()}`;
  await mkdir(staged);
  try {
    await writeFile(join(staged, 'recipe.yaml'), recipeText(recipe));
    const wanted = { model: options.withBase, dataset: options.withData };
    for (const source of recipe.sources) if (wanted[source.kind]) await copySource(store, source, staged);
    await writePython(staged, options.python, recipe);
    await placeModel(store, recipe, staged, options);
    const weights = await weightsIn(staged);
    await requireWeights(weights, recipe);
    const dtypes = [...new Set((await tensorEntries(weights)).map(({ dtype }) => dtype))].sort();
    await writeFile(
      join(staged, 'README.md'),
      cardText({ ...of, recipe, dtypes, withBase: options.withBase }),
    );
    await syncAll(staged);
    await rename(staged, target);
    await syncPath(dirname(target));
    return recipe;
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
}

async function requireEmpty(folder: string): Promise<void> {
  const names = await absentAsNull(readdir(folder)).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOTDIR') throw error;
    throw new ExportFault(`folder: expected a new or an empty one, got ${folder}, where a file is.`);
  });
  if ((names ?? []).length > 0)
    throw new ExportFault(`folder: expected a new or an empty one, got ${folder}, which holds files.`);
}

const stagedPrefix = (target: string): string => join(dirname(target), `.${basename(target)}.partial-`);

/** What a killed export of this folder left beside it. */
async function clearStale(target: string): Promise<void> {
  const prefix = basename(stagedPrefix(target));
  const names = await readdir(dirname(target));
  for (const name of names.filter((one) => one.startsWith(prefix)))
    await rm(join(dirname(target), name), { recursive: true, force: true });
}

async function copySource(store: Store, { stageId, folder, files }: RecipeSource, staged: string) {
  await copyFiles(store, { stageId, files }, join(staged, folder));
}

/** From the store, each file checked against its hash. Copies share their blocks with the store where the disk can. */
async function copyFiles(
  store: Store,
  { stageId, files }: Pick<Manifest, 'stageId' | 'files'>,
  folder: string,
): Promise<void> {
  for (const { path } of files) {
    const target = fileInside(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(await store.openFile(stageId, path), target, constants.COPYFILE_FICLONE);
  }
}

/** Puts the model's files into the folder. A model that was collected is made again. */
async function placeModel(
  store: Store,
  recipe: Recipe,
  staged: string,
  { rebuild }: ExportOptions,
): Promise<void> {
  const manifest = await store.manifest(recipe.steps.at(-1)?.stageId ?? '');
  if (manifest !== null) return copyFiles(store, manifest, staged);
  const output = join(staged, 'rebuilt');
  const model = await rebuild(join(staged, 'recipe.yaml'), output, await placesOf(store, recipe));
  for (const name of await readdir(model)) await rename(join(model, name), join(staged, name));
  await rm(output, { recursive: true, force: true });
}

/** Those of the model: an adapter lies in a folder of its own. */
async function weightsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder);
  return names.filter((name) => name.endsWith('.safetensors')).map((name) => join(folder, name));
}

async function placesOf(store: Store, { sources }: Recipe): Promise<readonly string[]> {
  const opened = sources.flatMap(({ stageId, files }) =>
    files.map(({ path }: ObjectFile) => store.openFile(stageId, path)),
  );
  return Promise.all(opened);
}

async function requireWeights(files: readonly string[], recipe: Recipe): Promise<void> {
  const expected = recipe.steps.at(-1)?.weightsSha256;
  const { weightsSha256 } = await weightsFacts(files);
  if (weightsSha256 !== expected)
    throw new ExportFault(
      `weights of ${recipe.trial}: expected SHA-256 ${String(expected)}, got ${weightsSha256}. ` +
        'The store has another model than the ledger; `npx lamdagent audit` says which records disagree.',
    );
}

async function syncAll(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }))
    await syncPath(join(entry.parentPath, entry.name));
  await syncPath(folder);
}
