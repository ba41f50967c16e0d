import { faultOfMessages, lastRole } from './chat.js';
import { shown, type Fault } from './faults.js';
import { readRows, type Row } from './lines.js';

export type Shape = 'sft' | 'preference';
export interface DatasetFacts {
  readonly shape: Shape;
  readonly rows: number;
}

const FORMS: Readonly<Record<Shape, string>> = {
  sft: 'messages, prompt and completion, or text',
  preference: 'prompt, chosen and rejected',
};
type Complaint = readonly [rule: string, value: string] | null;

/** Reads a dataset; its shape is the spec's, else that of its first row. null when it has no rows. */
export async function checkDataset(
  file: string,
  wanted: Shape | undefined,
  onFault: (fault: Fault) => void,
): Promise<DatasetFacts | null> {
  let shape = wanted;
  let rows = 0;
  for await (const { place, row } of readRows(file, onFault)) {
    rows += 1;
    shape ??= shapeOf(row);
    const complaint = shape === 'preference' ? faultOfPreference(row) : faultOfSft(row);
    if (complaint !== null)
      onFault({ path: place, rule: complaint[0], value: complaint[1], hint: hintFor(row, shape, wanted) });
  }
  return shape === undefined ? null : { shape, rows };
}

function shapeOf(row: Row): Shape {
  return 'chosen' in row || 'rejected' in row ? 'preference' : 'sft';
}

function hintFor(row: Row, shape: Shape, wanted: Shape | undefined): string {
  if (shapeOf(row) === shape) return '';
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
  return typeof text === 'string' && text !== '' ? null : [FORMS.sft, keysOf(row)];
}

function faultOfPreference(row: Row): Complaint {
  const { prompt, chosen, rejected } = row;
  const parts = [prompt, chosen, rejected];
  if (parts.some((part) => part === undefined)) return [FORMS.preference, keysOf(row)];
  if (JSON.stringify(chosen) === JSON.stringify(rejected))
    return ['chosen and rejected that differ', shown(chosen)];
  if (parts.every((part) => typeof part === 'string')) return null;
  return parts.reduce<Complaint>((found, part) => found ?? faultOfMessages(part), null);
}

function endsWithAssistant(messages: unknown): Complaint {
  const role = lastRole(messages);
  return role === 'assistant' ? null : ['messages that end with the assistant', `one of ${String(role)}`];
}

function keysOf(row: Row): string {
  return `keys ${Object.keys(row).join(', ') || 'none'}`;
}
