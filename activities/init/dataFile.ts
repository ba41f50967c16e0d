import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { SPLITS } from '../../domain/plan.js';
import type { DataShape } from '../../domain/dataShapes.js';
import { readDataset } from '../spec/formats/formats.js';
import { checkDataset } from '../spec/datasetFile.js';
import type { Fault } from '../spec/faults.js';
import { ITEM_FORMS } from '../spec/itemForms.js';
import type { Row } from '../spec/lines.js';
import type { WrittenOperation } from '../spec/operationSchema.js';
import { absentAsNull } from '../store/durable.js';
import { compileTemplate } from '../data/rowTemplate.js';
import { templateFor } from './columns.js';
import { questionOf, type Question } from './question.js';

/** What a file of a person's holds, by its rows. */
export interface DataFile {
  readonly file: string;
  /** A name for the spec. */
  readonly name: string;
  /** For training, or to measure with. */
  readonly use: 'training' | 'evaluation';
  readonly shape: DataShape;
  readonly rows: number;
  /** Bytes of the longest row and of the mean one: a bound of its tokens. */
  readonly longestBytes: number;
  readonly meanBytes: number;
  /** Makes trainable rows of its columns; null where they are that already. */
  readonly template: WrittenOperation | null;
}

/** A file that no training and no benchmark can take; `faults` say why. */
export class UnknownData extends Error {
  override readonly name = 'UnknownData';
  readonly faults: readonly Fault[];
  constructor(file: string, faults: readonly Fault[]) {
    super(file);
    this.faults = faults;
  }
}

/** A folder with the three files of a benchmark is one already. */
export async function isBenchmarkFolder(folder: string): Promise<boolean> {
  const found = await Promise.all(SPLITS.map((split) => absentAsNull(stat(`${folder}/${split}.jsonl`))));
  return found.every((one) => one !== null);
}

/** Reads the whole file. Throws UnknownData. */
export async function lookAt(file: string): Promise<DataFile> {
  const first = await firstRow(file);
  const name = nameOf(file);
  const template = first === null ? null : templateFor(first);
  const faults: Fault[] = [];
  const isItems = first !== null && template === null && looksLikeItem(first);
  if (template === null && !isItems) {
    const wanted = { shape: undefined, templates: [] };
    const facts = await checkDataset(file, wanted, (fault) => faults.push(fault));
    if (facts === null && faults.length === 0)
      faults.push({ path: file, rule: 'at least one row', value: 'none', hint: '' });
    if (facts === null || faults.length > 0) throw new UnknownData(file, faults);
    const sizes = await sizesOf(file);
    const shape = facts.shape === 'columns' ? 'sft' : facts.shape;
    const use = shape === 'verifiable' || isNamedForEvaluation(file) ? 'evaluation' : 'training';
    return { ...{ file, name, use, shape, template }, ...sizes };
  }
  const sizes = await sizesOf(file);
  const use = isItems || isNamedForEvaluation(file) ? 'evaluation' : 'training';
  return { ...{ file, name, use, shape: isItems ? 'verifiable' : 'sft', template }, ...sizes };
}

/** Messages that wait for an answer, and the answers that are right. */
function looksLikeItem(row: Row): boolean {
  return (
    'messages' in row && 'answers' in row && ITEM_FORMS.answers.complaints(row, 'exactMatch').length === 0
  );
}

function isNamedForEvaluation(file: string): boolean {
  return /(^|[^a-z])(test|eval|evaluation|bench|benchmark|dev|valid|validation)([^a-z]|$)/i.test(
    basename(file),
  );
}

/** `Maths_train.v2.jsonl` → `maths_train`. */
export function nameOf(file: string): string {
  const stem = basename(file).replace(/\..*$/, '').toLowerCase();
  const plain = stem
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 40);
  return plain === '' || /^[0-9]+$/.test(plain) ? `data-${plain}` : plain;
}

async function firstRow(file: string): Promise<Row | null> {
  for await (const { row } of readDataset(file, () => undefined)) return row;
  return null;
}

async function sizesOf(file: string): Promise<Pick<DataFile, 'rows' | 'longestBytes' | 'meanBytes'>> {
  let [rows, longestBytes, total] = [0, 0, 0];
  for await (const { row } of readDataset(file, () => undefined)) {
    const bytes = Buffer.byteLength(JSON.stringify(row));
    rows += 1;
    total += bytes;
    longestBytes = Math.max(longestBytes, bytes);
  }
  return { rows, longestBytes, meanBytes: rows === 0 ? 0 : total / rows };
}

/** Each row as it stands, with what it asks. */
export async function* questionsOf({ file, template }: Pick<DataFile, 'file' | 'template'>): AsyncGenerator<{
  readonly row: Row;
  readonly question: Question | null;
}> {
  const fill = template === null ? (row: Row): Row => row : compileTemplate(template);
  for await (const { row } of readDataset(file, () => undefined))
    yield { row, question: questionOf(fill(row)) };
}
