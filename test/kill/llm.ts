import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import { PROMPT_VERSION } from '../../activities/decide/prompts/version.js';
import {
  sendRefusal,
  sendText,
  startScriptedLlm,
  type SeenRequest,
  type Script,
} from '../../activities/decide/scriptedLlm.js';
import type { Json, JsonObject } from '../../domain/json.js';
import { randomOf, type Random } from '../../domain/random.js';
import { canonicalJson, sha256Hex } from '../../domain/stage.js';

/** Faults after which the very same question is asked again: the exploration must not notice. */
export const TRANSIENT = ['429', '500', '502 with an HTML page', 'reset', 'stall', 'cut body'] as const;
/** Answers that are no use: they are fed back, so the exploration goes another way, by the same rules. */
export const USELESS = ['200 with an HTML page', 'refusal', 'length'] as const;
export type LlmFault = (typeof TRANSIENT)[number] | (typeof USELESS)[number];

/** One request that the server answered to the end, or spoiled. */
export interface Logged {
  /** The hash that the ledger knows the question by. */
  readonly promptSha256: string;
  /** null: answered to the end, which is what a provider bills. */
  readonly fault: LlmFault | null;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface FaultyLlm {
  /** For the spec. */
  readonly llm: JsonObject;
  readonly log: readonly Logged[];
  stop(): Promise<void>;
}

export const LLM_TIMEOUT_SECONDS = 2;

/**
 * A loopback LLM whose answers are a pure function of the question. `faultAt` says what spoils the n-th request (from
 * 0); null: nothing.
 */
export async function startFaultyLlm(faultAt: (index: number) => LlmFault | null): Promise<FaultyLlm> {
  const log: Logged[] = [];
  const script: Script = (request, index, response) => {
    const fault = faultAt(index);
    const entry = (): Logged => ({ promptSha256: promptOf(request), fault, at: Date.now() });
    if (fault === null) response.once('finish', () => log.push(entry()));
    else log.push(entry());
    act(fault, response, () => {
      sendText(response, JSON.stringify(answerTo(request)));
    });
  };
  const server = await startScriptedLlm(script);
  const { baseUrl, model } = server.settings;
  return {
    llm: { baseUrl, model, timeoutSeconds: LLM_TIMEOUT_SECONDS, maxTokens: 200 },
    log,
    stop: () => server.stop(),
  };
}

/** Every second request is spoiled until all faults were used `times` times; the others are answered. */
export function spoiling(faults: readonly LlmFault[], times: number, random: Random) {
  const rounds = Array.from({ length: times }, () => random.shuffle(faults)).flat();
  return (index: number): LlmFault | null => (index % 2 === 1 ? (rounds[index >> 1] ?? null) : null);
}

const HTML = '<!doctype html><title>Bad gateway</title><h1>502</h1>';

function act(fault: LlmFault | null, response: ServerResponse, answer: () => void): void {
  switch (fault) {
    case null:
      answer();
      return;
    case '429':
      response.writeHead(429, { 'retry-after-ms': '200', 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: 'slow down', code: 'rate_limit_exceeded' } }));
      return;
    case '500':
      response.writeHead(500).end('{"error":{"message":"planted"}}');
      return;
    case '502 with an HTML page':
      response.writeHead(502, { 'content-type': 'text/html' }).end(HTML);
      return;
    case '200 with an HTML page':
      response.writeHead(200, { 'content-type': 'text/html' }).end(HTML);
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'stall':
      void sleep((LLM_TIMEOUT_SECONDS + 2) * 1000).then(() => response.destroy());
      return;
    case 'cut body':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
      response.write('{"id":"x","choices":[{"index":0,"message":{"content":"{\\"', () => response.destroy());
      return;
    case 'refusal':
      sendRefusal(response);
      return;
    case 'length':
      sendText(response, '{"reason":"on and on', 'length');
      return;
    default:
      fault satisfies never;
  }
}

/** As `openCallLog` hashes it. */
function promptOf({ body }: SeenRequest): string {
  const { schema } = body.response_format.json_schema;
  const { model, messages } = body as unknown as { readonly model: string; readonly messages: Json };
  return sha256Hex(canonicalJson({ model, promptVersion: PROMPT_VERSION, messages, schema }));
}

/** Options drawn by the hash of the question: a model that has its reasons, and gives the same ones again. */
function answerTo(request: SeenRequest): Json {
  return valueOf(request.body.response_format.json_schema.schema, randomOf(promptOf(request)));
}

function valueOf(schema: JsonObject, random: Random): Json {
  const options = schema['enum'];
  if (Array.isArray(options)) return random.pick(options as readonly Json[]) ?? null;
  if ('const' in schema) return schema['const'] ?? null;
  switch (schema['type']) {
    case 'object': {
      const properties = schema['properties'] as Readonly<Record<string, JsonObject>>;
      return Object.fromEntries(Object.entries(properties).map(([key, of]) => [key, valueOf(of, random)]));
    }
    case 'array': {
      const items = (schema['items'] as JsonObject)['enum'] as readonly Json[];
      return random.shuffle(items).slice(0, Math.max(1, Number(schema['minItems'] ?? 1)));
    }
    case 'string':
      return `reason ${String(random.integer(1000))}`;
    default:
      return schema['minimum'] ?? 0;
  }
}
