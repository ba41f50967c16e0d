import { MissingColumn } from '../../domain/data/columnTexts.js';
import { ROW_FORMS, shapeOfRow } from '../../domain/dataShapes.js';
import { compileTemplate, templateShape } from '../data/rowTemplate.js';
import { faultOfMessages, lastRole } from './chat.js';
import type { Shape } from './dataset.js';
import { shown, type Fault } from './faults.js';
import { readDataset } from './formats/formats.js';
import type { Row } from './lines.js';
import type { WrittenOperation } from './operationSchema.js';

export interface DatasetFacts {
  readonly shape: Shape;
  readonly rows: number;
}

type Complaint = readonly [rule: string, value: string] | null;
const COMPLAINTS: Readonly<Record<Shape, (row: Row) => Complaint>> = {
  sft: faultOfSft,
  preference: faultOfPreference,
  labelled: faultOfLabelled,
  verifiable: faultOfVerifiable,
  columns: () => null,
};

/** What a spec says of a dataset with a file. */
interface Wanted {
  readonly shape: Shape | undefined;
  /** Of the operations `template` that read it. */
  readonly templates: readonly Template[];
}
interface Template {
  readonly name: string;
  readonly written: WrittenOperation;
}

/**
 * Reads a dataset; its shape is the spec's, else that of its first row. What templates make of each row is checked too.
 * null when it has no rows.
 */
export async function checkDataset(
  file: string,
  { shape: wanted, templates }: Wanted,
  onFault: (fault: Fault) => void,
): Promise<DatasetFacts | null> {
  let shape = wanted;
  let rows = 0;
  const made = templates.map(({ name, written }) => ({
    name,
    fill: compileTemplate(written),
    form: templateShape(written),
  }));
  for await (const { place, row } of readDataset(file, onFault)) {
    rows += 1;
    shape ??= firstShape(row, templates.length > 0);
    const complaint = COMPLAINTS[shape](row);
    if (complaint !== null)
      onFault({ path: place, rule: complaint[0], value: complaint[1], hint: hintFor(row, shape, wanted) });
    for (const { name, fill, form } of made) {
      const [rule, value] = faultOfFilled(row, fill, COMPLAINTS[form]) ?? [];
      if (rule !== undefined && value !== undefined)
        onFault({ path: place, rule, value, hint: `The template of ${name} reads it.` });
    }
  }
  return shape === undefined ? null : { shape, rows };
}

/** A file that a template reads need not have rows of ours. */
function firstShape(row: Row, isTemplated: boolean): Shape {
  const shape = shapeOfRow(row);
  return isTemplated && COMPLAINTS[shape](row) !== null ? 'columns' : shape;
}

function faultOfFilled(row: Row, fill: (row: Row) => Row, complain: (row: Row) => Complaint): Complaint {
  try {
    return complain(fill(row));
  } catch (error) {
    if (!(error instanceof MissingColumn)) throw error;
    const { column, got } = error;
    return got === undefined
      ? [`a column ${column}`, keysOf(row)]
      : [`a text, a number or true or false in column ${column}`, shown(got)];
  }
}

function hintFor(row: Row, shape: Shape, wanted: Shape | undefined): string {
  if (shapeOfRow(row) === shape) return '';
  const origin = wanted === undefined ? 'as its first row says' : 'as the spec says';
  return `The dataset's shape is ${shape}, ${origin}.`;
}

/** As the GPU worker reads rows: `messages`, else `prompt` and `completion`, else `text`. */
function faultOfSft(row: Row): Complaint {
  if ('messages' in row) return faultOfMessages(row['messages']) ?? endsWithAssistant(row['messages']);
  const { prompt, completion, text } = row;
  if (prompt !== undefined && completion !== undefined) {
    if (typeof prompt === 'string' && typeof completion === 'string') return null;
    return faultOfMessages(prompt) ?? faultOfMessages(completion) ?? endsWithAssistant(completion);
  }
  return typeof text === 'string' && text !== '' ? null : [ROW_FORMS.sft, keysOf(row)];
}

function faultOfPreference(row: Row): Complaint {
  const { prompt, chosen, rejected } = row;
  const parts = [prompt, chosen, rejected];
  if (parts.some((part) => part === undefined)) return [ROW_FORMS.preference, keysOf(row)];
  if (JSON.stringify(chosen) === JSON.stringify(rejected))
    return ['chosen and rejected that differ', shown(chosen)];
  if (parts.every((part) => typeof part === 'string')) return null;
  return parts.reduce<Complaint>((found, part) => found ?? faultOfMessages(part), null);
}

/** An answer that is good, or not: `label` is true or false. */
function faultOfLabelled(row: Row): Complaint {
  const { prompt, completion, label } = row;
  if (prompt === undefined || completion === undefined || label === undefined)
    return [ROW_FORMS.labelled, keysOf(row)];
  if (typeof label !== 'boolean') return ['label true or false', shown(label)];
  return faultOfSft({ prompt, completion });
}

/** A question and what its answer is checked against: texts, or the calls of a BFCL item. */
function faultOfVerifiable(row: Row): Complaint {
  const { prompt, answers, ground_truth: calls } = row;
  if (prompt === undefined || (answers === undefined && calls === undefined))
    return [ROW_FORMS.verifiable, keysOf(row)];
  if (answers !== undefined && !isTexts(answers)) return ['answers as a list of texts', shown(answers)];
  return typeof prompt === 'string' ? null : faultOfMessages(prompt);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string');
}

function endsWithAssistant(messages: unknown): Complaint {
  const role = lastRole(messages);
  return role === 'assistant' ? null : ['messages that end with the assistant', `one of ${String(role)}`];
}

function keysOf(row: Row): string {
  return `keys ${Object.keys(row).join(', ') || 'none'}`;
}
