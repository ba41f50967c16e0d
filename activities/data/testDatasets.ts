import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { applicableTo } from '../../domain/data/applicable.js';
import type { OperationName } from '../../domain/data/operations.js';
import type { Json, JsonObject } from '../../domain/json.js';
import type { Plan, PlannedDataset } from '../../domain/plan.js';
import { createPrepare } from '../spec/prepare.js';
import { jsonLines, sampleSpec, writeWorld } from '../spec/testSpec.js';
import { createFolderStore } from '../store/folder.js';
import type { Store } from '../store/store.js';
import { DERIVE } from './derive.js';

export type Rows = readonly Readonly<Record<string, unknown>>[];

/** Datasets as a start makes them, for tests of operations: the sample spec with other datasets. */
export interface DatasetWorld {
  readonly root: string;
  readonly store: Store;
  /** Prepares a spec with these datasets, and `keep`, which is nobody's input. */
  prepare(datasets: object, changes?: object): Promise<Plan>;
  /** The rows of a dataset of the plan. */
  rows(plan: Plan, name: string): Promise<Rows>;
  /** What a spec with these datasets is refused for; paths without the world's folder. */
  refusal(datasets: object, changes?: object): Promise<readonly string[]>;
  write(name: string, rows: Rows): Promise<void>;
  close(): Promise<void>;
}

export async function openDatasetWorld(): Promise<DatasetWorld> {
  const root = await writeWorld();
  const storeFolder = await mkdtemp(join(tmpdir(), 'lamdagent-derived-store-'));
  const store = createFolderStore(storeFolder);
  const prepare = async (datasets: object, changes: object = {}): Promise<Plan> => {
    const keep = { path: 'beta.jsonl' };
    const spec = sampleSpec({ datasets: { keep, ...datasets }, actions: { sft: {} }, ...changes }) as Json;
    const firstRunId = `${JSON.stringify(datasets)} ${JSON.stringify(changes)}`;
    return (await createPrepare({ store, root })({ spec, workflowId: 'explore/sample', firstRunId })).plan;
  };
  return {
    root,
    store,
    prepare,
    rows: async (plan, name) => {
      const file = await store.openFile(datasetOf(plan, name).stageId, 'data.jsonl');
      const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.trim() !== '');
      return lines.map((line) => JSON.parse(line) as Rows[number]);
    },
    refusal: async (datasets, changes) => {
      const failure = await prepare(datasets, changes).then(
        () => null,
        (error: unknown) => error,
      );
      if (!(failure instanceof ApplicationFailure))
        throw new Error(`expected a refusal, got ${String(failure)}`);
      return failure.message.replaceAll(`${root}/`, '').split('\n').slice(1);
    },
    write: (name, rows) => writeFile(join(root, name), jsonLines(rows)),
    close: async () => {
      for (const folder of [root, storeFolder]) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What an operation makes of the rows of one dataset, without a spec or a store. */
export async function derivedRows(
  operation: OperationName,
  rows: Rows,
  written: JsonObject,
): Promise<{ readonly rows: Rows; readonly leftOut: Readonly<Record<string, number>> }> {
  const folder = await mkdtemp(join(tmpdir(), 'lamdagent-operation-'));
  try {
    const file = join(folder, 'data.jsonl');
    await writeFile(file, jsonLines(rows));
    const input = { name: 'raw', stageId: 'raw', rows: rows.length, file };
    const { lines, leftOut } = DERIVE[operation]([input], applicableTo(operation, written), '1');
    const made: Rows[number][] = [];
    for await (const line of lines) made.push(JSON.parse(String(line)) as Rows[number]);
    return { rows: made, leftOut };
  } finally {
    await rm(folder, { recursive: true });
  }
}

export function datasetOf({ datasets }: Plan, name: string): PlannedDataset {
  const found = datasets.find((dataset) => dataset.name === name);
  if (found === undefined) throw new Error(`dataset: expected one of the plan's, got ${name}`);
  return found;
}

/** `count` rows of a prompt that tells the number, and a completion of as many words. */
export function numbered(count: number, name = 'row'): Rows {
  return Array.from({ length: count }, (_, at) => ({
    prompt: `${name} ${String(at)}`,
    completion: Array.from(
      { length: (at % 7) + 1 },
      (__, word) => `${name}${String(at)}x${String(word)}`,
    ).join(' '),
  }));
}

export function prompts(rows: Rows): readonly string[] {
  return rows.map(({ prompt }) => String(prompt));
}
