import type { Row } from '../spec/lines.js';
import type { WrittenOperation } from '../spec/operationSchema.js';

/** Columns that much public data has: a question, perhaps with a text it is about, and an answer. */
const PAIRS = [
  ['instruction', 'output', 'input'],
  ['instruction', 'response', 'context'],
  ['question', 'answer', null],
  ['problem', 'solution', null],
  ['prompt', 'response', null],
  ['query', 'response', null],
  ['input', 'output', null],
] as const;

/** The template that makes a chat of a row's columns; null: its columns are none of the usual ones. */
export function templateFor(row: Row): WrittenOperation | null {
  const isText = (name: string): boolean => typeof row[name] === 'string';
  const found = PAIRS.find(([question, answer]) => isText(question) && isText(answer));
  if (found === undefined) return null;
  const [question, answer, about] = found;
  const content = about !== null && isText(about) ? `{${question}}\n{${about}}` : `{${question}}`;
  return {
    messages: [
      { role: 'user', content },
      { role: 'assistant', content: `{${answer}}` },
    ],
  };
}
