import { createTally, type DatasetFindings } from '../../domain/contamination.js';
import { buildItemIndex, type ItemIndex } from '../../domain/overlap/itemIndex.js';
import { textsOfRow } from '../../domain/overlap/texts.js';
import { sha256OfFile } from '../store/durable.js';
import { readCheckedRows } from './checkedRows.js';
import { readEvaluationItems } from './evaluationItems.js';
import { paced } from './paced.js';
import type { Spec } from './schema.js';
import { inspectSplits } from './splitGate.js';

/** One dataset as the gate read it. */
export interface Inspected {
  readonly file: string;
  /** Of the bytes that were judged. */
  readonly sha256: string;
  readonly findings: DatasetFindings;
  /** Lines of the rows that copy evaluation items, from 1. */
  readonly matchedLines: ReadonlySet<number>;
}
export interface Inspection {
  readonly items: number;
  /** In the order of the spec. */
  readonly datasets: readonly Inspected[];
  /** Items of later splits that copy items of earlier ones. */
  readonly splits: readonly DatasetFindings[];
}

/** Compares every training row of a checked spec (with absolute paths) with every evaluation item of every split. */
export async function inspectDatasets(spec: Pick<Spec, 'datasets' | 'benchmarks'>): Promise<Inspection> {
  const index = await paced(buildItemIndex(await readEvaluationItems(spec)));
  const datasets: Inspected[] = [];
  for (const [name, { path }] of Object.entries(spec.datasets))
    datasets.push(await inspectDataset(index, name, path));
  return { items: index.items.length, datasets, splits: await inspectSplits(index.items) };
}

/** Rows are read and judged a mebibyte at a time, so other work of the process goes on between. */
async function inspectDataset(index: ItemIndex, name: string, file: string): Promise<Inspected> {
  const sha256 = await sha256OfFile(file);
  const tally = createTally(name);
  for await (const { line, row } of readCheckedRows(file)) {
    const texts = textsOfRow(row);
    tally.add(line, texts, index.match(texts));
  }
  return { file, sha256, findings: tally.findings(), matchedLines: tally.matchedLines };
}

/** The bytes that were judged are those that were imported, else somebody changed them meanwhile. */
export async function requireUnchanged({ datasets }: Inspection): Promise<void> {
  for (const { file, sha256, findings } of datasets) {
    const now = await sha256OfFile(file);
    if (now !== sha256)
      throw new Error(
        `dataset ${findings.name}: expected SHA-256 ${sha256} of ${file}, got ${now}. It changed while it was checked.`,
      );
  }
}
