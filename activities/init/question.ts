import type { Row } from '../spec/lines.js';

interface Message {
  readonly role: string;
  readonly content: string;
}

/** What a row asks, and what it takes for right. */
export interface Question {
  readonly messages: readonly Message[];
  readonly answers: readonly string[];
}

/** The question of a row of any shape; null: it has none in plain words (a text, tool calls, an answer labelled bad). */
export function questionOf(row: Row): Question | null {
  const { messages, prompt, completion, chosen, answers, label } = row;
  if (Array.isArray(answers) && answers.every(isText)) return asked(messages ?? prompt, answers);
  if (messages !== undefined) {
    const turns = plainTurns(messages);
    const last = turns?.at(-1);
    return last?.role === 'assistant' ? asked(turns?.slice(0, -1), [last.content]) : null;
  }
  if (label === false) return null;
  const answer = lastText(chosen ?? completion);
  return answer === null ? null : asked(prompt, [answer]);
}

function asked(question: unknown, answers: readonly string[]): Question | null {
  const messages = isText(question) ? [{ role: 'user', content: question }] : plainTurns(question);
  const right = answers.map((one) => one.trim()).filter((one) => one !== '');
  const waits = messages !== null && messages.length > 0 && messages.at(-1)?.role !== 'assistant';
  return waits && right.length > 0 ? { messages, answers: right } : null;
}

function plainTurns(value: unknown): readonly Message[] | null {
  if (!Array.isArray(value)) return null;
  const turns = value.map((one: unknown) => {
    const { role, content } = (one ?? {}) as Readonly<Record<string, unknown>>;
    return isText(role) && isText(content) ? { role, content } : null;
  });
  return turns.every((one) => one !== null) ? turns : null;
}

function lastText(value: unknown): string | null {
  return isText(value) ? value : (plainTurns(value)?.at(-1)?.content ?? null);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Questions of one key differ in nothing but case, spacing and punctuation: they belong into one split. */
export function keyOf({ messages }: Pick<Question, 'messages'>): string {
  return messages
    .map(({ content }) =>
      content
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]+/gu, ' ')
        .trim(),
    )
    .join('\n');
}
