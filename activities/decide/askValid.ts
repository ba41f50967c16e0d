import { z } from 'zod';
import type { LlmCall } from '../../domain/decision.js';
import { usdOf } from '../../domain/prices.js';
import type { JsonObject } from '../../domain/json.js';
import type { CallLog } from './callLog.js';
import type { Exchange, Message } from './exchange.js';
import { faultText, refused, repairText, type Checked, type LlmFault } from './faults.js';

/** A question whose answer is checked twice: by its schema, then by the rules. */
export interface Question<Answer, Value> {
  readonly purpose: LlmCall['purpose'];
  readonly messages: readonly Message[];
  readonly schema: z.ZodType<Answer>;
  readonly check: (answer: Answer) => Checked<Value>;
}

/** The accepted value, or null when the repairs were used up; and every call that was made. */
export interface Asked<Value> {
  readonly value: Value | null;
  readonly calls: readonly LlmCall[];
}

const MOST_REPAIRS = 2;

/** Asks; a fault is fed back in the conversation, at most twice. */
export async function askValid<Answer, Value>(
  log: CallLog,
  question: Question<Answer, Value>,
): Promise<Asked<Value>> {
  const schema = jsonSchemaOf(question.schema);
  const calls: LlmCall[] = [];
  let { messages } = question;
  for (let repair = 0; repair <= MOST_REPAIRS; repair += 1) {
    const exchange = await log.ask({ purpose: question.purpose, messages, schema });
    const checked = checkAnswer(exchange, question);
    calls.push(callOf(exchange, checked.ok ? null : checked.fault, log.price));
    if (checked.ok) return { value: checked.value, calls };
    messages = withFeedback(messages, exchange, checked.fault);
  }
  return { value: null, calls };
}

/** The schema that is sent is the one that is checked. */
export function jsonSchemaOf(schema: z.ZodType): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema) as JsonObject;
  return rest;
}

function checkAnswer<Answer, Value>({ answer }: Exchange, question: Question<Answer, Value>): Checked<Value> {
  if (answer.kind !== 'text') return refused(answer.kind, answer.text.slice(0, 200));
  const json = parseJson(answer.text);
  if (!json.ok) return json;
  const parsed = question.schema.safeParse(json.value);
  return parsed.success ? question.check(parsed.data) : refused('schema', issuesOf(parsed.error));
}

function parseJson(text: string): Checked<unknown> {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return refused('badJson', 'expected one JSON object, got other text');
  }
}

function issuesOf(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join('.') || 'answer'}: ${issue.message}`)
    .join('; ');
}

/**
 * The conversation goes on with the answer and what was wrong. Pages, refusals and endless texts are left out;
 * the remark then joins the question, since many chat templates demand that roles alternate.
 */
function withFeedback(
  messages: readonly Message[],
  { answer }: Exchange,
  fault: LlmFault,
): readonly Message[] {
  const content = repairText(fault);
  if (answer.kind === 'text')
    return [...messages, { role: 'assistant', content: answer.text }, { role: 'user', content }];
  return messages.map((message, index) =>
    index === messages.length - 1 ? { ...message, content: `${message.content}\n\n${content}` } : message,
  );
}

function callOf(
  { purpose, promptSha256, answer, seconds }: Exchange,
  fault: LlmFault | null,
  price: CallLog['price'],
): LlmCall {
  const { promptTokens, completionTokens } = answer;
  return {
    purpose,
    promptSha256,
    answer: answer.text,
    fault: fault === null ? null : faultText(fault),
    promptTokens,
    completionTokens,
    seconds,
    usd: usdOf(price, answer),
  };
}
