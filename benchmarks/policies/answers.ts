import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promptHash } from '../../activities/decide/callLog.js';
import type { LlmAnswer, LlmClient } from '../../activities/decide/exchange.js';
import { PROMPT_VERSION } from '../../activities/decide/prompts/version.js';
import { parseRows, rowsText } from '../rowTable.js';

/** The LLM's answers by what was asked. The table is committed, so that anyone repeats the runs in seconds. */
export interface Answers {
  readonly client: LlmClient;
  /** How many the table did not hold. */
  asked(): number;
  /** Sorts the table, so that the file's differences are the table's. */
  settle(): void;
}

interface AnswerRow extends LlmAnswer {
  /** The first 16 digits of the prompt's hash, which knows the model and the prompts' version too. */
  readonly id: string;
}

export interface AnswersOptions {
  readonly model: string;
  /** Asked only for what the table does not hold. */
  readonly client: LlmClient;
  /** Default: the committed table. */
  readonly file?: string;
}

const FILE = join(import.meta.dirname, 'answers.jsonl');

/** A client that asks each question once, ever. A new answer is on disk before it is used. */
export function openAnswers({ model, client, file = FILE }: AnswersOptions): Answers {
  const head = `${JSON.stringify({ model, promptVersion: PROMPT_VERSION })}\n`;
  const known = readAnswers(file, head);
  const write = (): void => {
    writeFileSync(file, head + rowsText(known));
  };
  let asked = 0;
  return {
    client: {
      limits: client.limits,
      complete: async (request) => {
        const id = promptHash(request, { model, promptVersion: PROMPT_VERSION }).slice(0, 16);
        const old = known.get(id);
        if (old !== undefined) return old;
        const { kind, text, promptTokens, completionTokens } = await client.complete(request);
        const row: AnswerRow = { id, kind, text, promptTokens, completionTokens };
        if (known.size === 0) write();
        appendFileSync(file, `${JSON.stringify(row)}\n`);
        known.set(id, row);
        asked += 1;
        return row;
      },
    },
    asked: () => asked,
    settle: () => {
      if (asked > 0) write();
    },
  };
}

/** Answers to other prompts, or of another model, are of no use. */
function readAnswers(file: string, head: string): Map<string, AnswerRow> {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return parseRows(text.startsWith(head) ? text.slice(head.length) : '');
}
