import { createTally, type DatasetFindings } from '../../domain/contamination.js';
import { buildItemIndex, type ItemIndex } from '../../domain/overlap/itemIndex.js';
import { textsOfRow, type RowTexts } from '../../domain/overlap/texts.js';
import { compileTemplate } from '../data/rowTemplate.js';
import { sha256OfFile } from '../store/durable.js';
import { readCheckedDataset } from './checkedRows.js';
import { fileDatasets, templatesOf, type DerivedDataset, type FileDataset } from './datasets.js';
import { readEvaluationItems } from './evaluationItems.js';
import type { Row } from './lines.js';
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
  for (const dataset of fileDatasets(spec))
    datasets.push(await inspectDataset(index, dataset, textsBy(templatesOf(spec, dataset.name))));
  return { items: index.items.length, datasets, splits: await inspectSplits(index.items) };
}

/** Rows are read and judged a mebibyte at a time, so other work of the process goes on between. */
async function inspectDataset(
  index: ItemIndex,
  { name, path: file }: FileDataset,
  textsOf: (row: Row) => RowTexts,
): Promise<Inspected> {
  const sha256 = await sha256OfFile(file);
  const tally = createTally(name);
  for await (const { line, row } of readCheckedDataset(file)) {
    const texts = textsOf(row);
    tally.add(line, texts, index.match(texts));
  }
  return { file, sha256, findings: tally.findings(), matchedLines: tally.matchedLines };
}

/** A row's own texts; where templates read it, also its columns one by one and the rows that they become. */
function textsBy(templates: readonly DerivedDataset[]): (row: Row) => RowTexts {
  if (templates.length === 0) return textsOfRow;
  const fills = templates.map(({ written }) => compileTemplate(written));
  return (row) => {
    const all = [row, ...fills.map((fill) => fill(row))].map(textsOfRow);
    const columns = Object.values(row).filter((value) => typeof value === 'string');
    return {
      turns: [...all.flatMap(({ turns }) => turns), ...columns],
      answers: all.flatMap(({ answers }) => answers),
    };
  };
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
