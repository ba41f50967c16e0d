import { access, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SPLITS } from '../../domain/plan.js';
import { makeFolder } from '../store/durable.js';
import { questionsOf } from './dataFile.js';
import type { Draft, DraftDataset } from './draft.js';
import { keyOf } from './question.js';
import { specText } from './specText.js';

/** A file that init writes. */
interface Written {
  readonly path: string;
  readonly text: () => Promise<string>;
}

/** Everything that belongs to a draft: the parts of data first, the spec that names them last. `folder`: the spec's. */
export function writtenFiles(
  draft: Draft,
  {
    spec,
    folder,
    asked,
  }: { readonly spec: string; readonly folder: string; readonly asked: ReadonlySet<string> },
): readonly Written[] {
  const items = draft.benchmarks.flatMap(({ path, made }) =>
    made === null
      ? []
      : SPLITS.map((split) => ({
          path: join(folder, path, `${split}.jsonl`),
          text: () => Promise.resolve(linesOf(made.items[split])),
        })),
  );
  const kept = draft.datasets
    .filter(({ heldOut }) => heldOut > 0)
    .map((dataset) => ({ path: join(folder, dataset.path), text: () => keptRows(dataset, asked) }));
  return [...items, ...kept, { path: spec, text: () => Promise.resolve(specText(draft)) }];
}

/** Those that are there already. */
export async function existing(files: readonly Written[]): Promise<readonly string[]> {
  const found = await Promise.all(
    files.map(({ path }) =>
      access(path).then(
        () => [path],
        () => [],
      ),
    ),
  );
  return found.flat();
}

export async function writeAll(files: readonly Written[]): Promise<void> {
  for (const { path, text } of files) {
    await makeFolder(dirname(path));
    await writeFile(path, await text());
  }
}

async function keptRows({ of }: DraftDataset, asked: ReadonlySet<string>): Promise<string> {
  const rows: unknown[] = [];
  for await (const { row, question } of questionsOf(of))
    if (question === null || !asked.has(keyOf(question))) rows.push(row);
  return linesOf(rows);
}

/** How many of the rows ask what a benchmark asks. */
export async function countAsked(of: DraftDataset['of'], asked: ReadonlySet<string>): Promise<number> {
  let count = 0;
  for await (const { question } of questionsOf(of))
    if (question !== null && asked.has(keyOf(question))) count += 1;
  return count;
}

function linesOf(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
