import { ROW_FORMS, shapeOfRow, type DataShape } from '../../domain/dataShapes.js';
import { faultOfMessages, lastRole } from './chat.js';
import { shown, type Fault } from './faults.js';
import { readRows, type Row } from './lines.js';

export interface DatasetFacts {
  readonly shape: DataShape;
  readonly rows: number;
}

type Complaint = readonly [rule: string, value: string] | null;

const FAULT_OF: Readonly<Record<DataShape, (row: Row) => Complaint>> = {
  sft: faultOfSft,
  preference: faultOfPreference,
  labelled: faultOfLabelled,
  verifiable: faultOfVerifiable,
};

/** Reads a dataset; its shape is the spec's, else that of its first row. null when it has no rows. */
export async function checkDataset(
  file: string,
  wanted: DataShape | undefined,
  onFault: (fault: Fault) => void,
): Promise<DatasetFacts | null> {
  let shape = wanted;
  let rows = 0;
  for await (const { place, row } of readRows(file, onFault)) {
    rows += 1;
    shape ??= shapeOfRow(row);
    const complaint = FAULT_OF[shape](row);
    if (complaint !== null)
      onFault({ path: place, rule: complaint[0], value: complaint[1], hint: hintFor(row, shape, wanted) });
  }
  return shape === undefined ? null : { shape, rows };
}

function hintFor(row: Row, shape: DataShape, wanted: DataShape | undefined): string {
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
