import type { ItemForm } from '../metrics.js';

/** A message of a chat, as far as its text matters. */
export interface Turn {
  readonly role: string;
  readonly text: string;
}
type Row = Readonly<Record<string, unknown>>;

/** The texts of a training row. */
export interface RowTexts {
  /** Everything that is trained on, in order: messages, or prompt and completion, or the text; of a pair both answers. */
  readonly turns: readonly string[];
  /** Of them what the model learns to say. */
  readonly answers: readonly string[];
}

/** The texts of a well-formed row of any shape, as the GPU worker reads it; of a verifiable one its right answers. */
export function textsOfRow(row: Row): RowTexts {
  const { asked, said } = turnsOfRow(row);
  return textsOf([...asked, ...said.flat()]);
}

/** The turns of a row: what comes before its answers, and each answer's own; a chat is one answer with all its turns. */
export function turnsOfRow(row: Row): {
  readonly asked: readonly Turn[];
  readonly said: readonly (readonly Turn[])[];
} {
  const asked = turnsOf(row['prompt'], 'user');
  if ('chosen' in row || 'rejected' in row)
    return { asked, said: [turnsOf(row['chosen'], 'assistant'), turnsOf(row['rejected'], 'assistant')] };
  if ('messages' in row) return { asked: [], said: [turnsOf(row['messages'], 'user')] };
  if (row['prompt'] !== undefined && row['completion'] !== undefined)
    return { asked, said: [turnsOf(row['completion'], 'assistant')] };
  if (row['prompt'] !== undefined) {
    const right = [...ANSWERS.answers(row), ...ANSWERS.calls(row)];
    return { asked, said: right.map((text) => [{ role: 'assistant', text }]) };
  }
  return { asked: [], said: [turnsOf(row['text'], 'assistant')] };
}

/** An evaluation item: its question's messages, and every answer that counts as right. */
export interface EvaluationItem {
  readonly benchmark: string;
  readonly split: string;
  readonly id: string;
  /** The question, one text a message. */
  readonly turns: readonly string[];
  readonly answers: readonly string[];
}

/** The messages of an item; `system` ones apart, since copies seldom keep them. */
export interface ItemTexts {
  readonly turns: readonly string[];
  readonly withoutSystem: readonly string[];
  readonly answers: readonly string[];
}

/** A judged item's follow-up ("say it as a poem") is left out: it is no question of its own, and a copy need not have it. */
export function textsOfItem(row: Row, form: ItemForm): ItemTexts {
  const turns = turnsOf(form === 'text' ? row['text'] : row['messages'], 'user');
  const asked = turns.filter(({ role }) => role !== 'system');
  return {
    turns: turns.map(({ text }) => text),
    withoutSystem: (asked.length > 0 ? asked : turns).map(({ text }) => text),
    answers: ANSWERS[form](row),
  };
}

/** The answers that count as right, as a training row would say them. */
const ANSWERS: Readonly<Record<ItemForm, (row: Row) => readonly string[]>> = {
  answers: ({ answers }) => (Array.isArray(answers) ? answers.filter((one) => typeof one === 'string') : []),
  calls: ({ ground_truth: truth }) => (Array.isArray(truth) ? writtenCalls(truth) : []),
  choices: ({ choices, answer }) => {
    const right: unknown = Array.isArray(choices) ? choices[Number(answer)] : undefined;
    return typeof right === 'string' ? [right] : [];
  },
  questions: ({ reference }) => (typeof reference === 'string' ? [reference] : []),
  text: ({ text }) => (typeof text === 'string' ? [text] : []),
};

type AcceptedCall = Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>;

/** The expected calls with the first value accepted of each argument: as Python, as JSON, and as the ground truth is. */
function writtenCalls(truth: readonly AcceptedCall[]): readonly string[] {
  const calls = truth.flatMap((call) =>
    Object.entries(call).map(([name, accepted]) => ({
      name,
      arguments: Object.fromEntries(
        Object.entries(accepted).flatMap(([key, [first]]) => (first === '' ? [] : [[key, first]])),
      ),
    })),
  );
  const python = calls.map(({ name, arguments: given }) => {
    const words = Object.entries(given).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    return `${name}(${words.join(', ')})`;
  });
  return [python.join(', '), JSON.stringify(calls), JSON.stringify(truth)];
}

function textsOf(turns: readonly Turn[]): RowTexts {
  return {
    turns: turns.map(({ text }) => text),
    answers: turns.filter(({ role }) => role === 'assistant').map(({ text }) => text),
  };
}

/** A text is one turn of the given role; a list of messages has roles of its own. */
function turnsOf(value: unknown, role: string): readonly Turn[] {
  if (typeof value === 'string') return [{ role, text: value }];
  return Array.isArray(value) ? value.filter(isMapping).map(turnOf) : [];
}

/** Columns may hold lists that are no messages. */
function isMapping(value: unknown): value is Row {
  return typeof value === 'object' && value !== null;
}

/** A call of a tool is text too. */
function turnOf(message: Row): Turn {
  const { role, content, tool_calls: calls } = message;
  const called = calls === undefined || calls === null ? [] : [JSON.stringify(calls)];
  const text = [...(typeof content === 'string' ? [content] : []), ...called].join('\n');
  return { role: String(role), text };
}
