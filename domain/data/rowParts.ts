import { turnsOfRow, type Turn } from '../overlap/texts.js';

/** A training row as operations look at it. */
export interface RowParts {
  /** What is asked: a chat's turns that are not the assistant's, or the prompt; empty for running text. */
  readonly prompt: string;
  /** What is learned: the assistant's turns together, the completion, or the text; of a pair both answers. */
  readonly answers: readonly string[];
}

/** Of a well-formed row of either shape. Turns are joined by line breaks. */
export function partsOfRow(row: Readonly<Record<string, unknown>>): RowParts {
  const { asked, said } = turnsOfRow(row);
  const others = said.flatMap((turns) => turns.filter((turn) => !isAnswer(turn)));
  return {
    prompt: joined([...asked, ...others]),
    answers: said.map((turns) => joined(turns.filter(isAnswer))),
  };
}

function isAnswer({ role }: Turn): boolean {
  return role === 'assistant';
}

function joined(turns: readonly Turn[]): string {
  return turns.map(({ text }) => text).join('\n');
}
