import OpenAI from 'openai';
import { z } from 'zod';
import type { LlmSettings } from '../../domain/plan.js';
import type { LlmAnswer, LlmClient, LlmLimits, LlmRequest } from './exchange.js';
import { failureOfResponse, reasonOf, stalled, unreachable } from './llmFailures.js';
import { redactorOf } from './redact.js';

export interface LlmOptions {
  /** Sent as the bearer token; null for endpoints that want none. Environment: OPENAI_API_KEY (read by the worker). */
  readonly apiKey: string | null;
  readonly limits?: LlmLimits;
  /** Aborted when the activity is cancelled or its worker stops. */
  readonly signal?: AbortSignal | undefined;
}

/** Prompts of at most about 6,000 tokens: room for the table of 25 trials and 12 candidates, cheap enough for every decision. */
export const HOSTED_LIMITS: LlmLimits = { promptTokens: 6000, boundedText: false, boundedNumbers: true };

const CompletionSchema = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish(),
});

/** A client of any OpenAI-compatible endpoint. It never retries: that is Temporal's, which also keeps what was answered. */
export function openAiClient(settings: LlmSettings, options: LlmOptions): LlmClient {
  const redact = redactorOf(options.apiKey);
  const client = new OpenAI({
    baseURL: settings.baseUrl,
    apiKey: options.apiKey ?? 'none',
    organization: null,
    project: null,
    maxRetries: 0,
    logLevel: 'off',
    timeout: settings.timeoutSeconds * 1000,
  });
  return {
    limits: options.limits ?? HOSTED_LIMITS,
    complete: async (request) => {
      const answer = answerOf(
        await bodyOf(client, settings, { request, signal: options.signal, redact }),
        redact,
      );
      return { ...answer, text: redact(answer.text) };
    },
  };
}

interface Sent {
  readonly request: LlmRequest;
  readonly signal: AbortSignal | undefined;
  readonly redact: (text: string) => string;
}

/** The whole body as text. The signal covers the body too: the client's own timeout ends with the headers. */
async function bodyOf(
  client: OpenAI,
  settings: LlmSettings,
  { request, signal, redact }: Sent,
): Promise<string> {
  const timeout = AbortSignal.timeout(settings.timeoutSeconds * 1000);
  const both = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
  try {
    const sent = client.chat.completions.create(bodyFor(settings, request), { signal: both });
    return await (await sent.asResponse()).text();
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (timeout.aborted || error instanceof OpenAI.APIConnectionTimeoutError)
      throw stalled(settings.baseUrl, settings.timeoutSeconds);
    throw failureOf(settings, error, redact);
  }
}

function bodyFor(
  settings: LlmSettings,
  { purpose, messages, schema }: LlmRequest,
): OpenAI.Chat.ChatCompletionCreateParamsNonStreaming {
  return {
    model: settings.model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    temperature: 0,
    seed: 1,
    ...tokenLimit(settings),
    response_format: {
      type: 'json_schema',
      json_schema: { name: purpose, strict: true, schema: { ...schema } },
    },
  };
}

/** OpenAI's newer models refuse `max_tokens`; many compatible endpoints know nothing else. */
function tokenLimit({
  baseUrl,
  maxTokens,
}: LlmSettings): { max_tokens: number } | { max_completion_tokens: number } {
  const hosted = new URL(baseUrl).hostname.endsWith('openai.com');
  return hosted ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens };
}

function failureOf(settings: LlmSettings, error: unknown, redact: (text: string) => string): Error {
  if (!(error instanceof OpenAI.APIError) || typeof error.status !== 'number')
    return unreachable(settings.baseUrl, redact(reasonOf(error)));
  const headers = error.headers as Headers | undefined;
  return failureOfResponse({
    endpoint: settings.baseUrl,
    model: settings.model,
    status: error.status,
    code: redact(error.code ?? ''),
    message: redact(error.message),
    retryAfterMs: headers?.get('retry-after-ms') ?? null,
    retryAfter: headers?.get('retry-after') ?? null,
  });
}

/** A 200 may still hold a proxy's HTML page, a refusal, or an answer cut by the token limit. */
function answerOf(body: string, redact: (text: string) => string): LlmAnswer {
  const parsed = CompletionSchema.safeParse(jsonOrNull(body));
  const choice = parsed.data?.choices[0];
  if (choice === undefined)
    return { kind: 'unreadable', text: redact(body).slice(0, 200), promptTokens: 0, completionTokens: 0 };
  const usage = parsed.data?.usage;
  const tokens = { promptTokens: usage?.prompt_tokens ?? 0, completionTokens: usage?.completion_tokens ?? 0 };
  const { content, refusal } = choice.message;
  if (refusal) return { kind: 'refusal', text: refusal, ...tokens };
  if (choice.finish_reason === 'content_filter')
    return { kind: 'refusal', text: 'content filter', ...tokens };
  return { kind: choice.finish_reason === 'length' ? 'length' : 'text', text: content ?? '', ...tokens };
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
