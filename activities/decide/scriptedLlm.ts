import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json, JsonObject } from '../../domain/json.js';
import type { LlmSettings } from '../../domain/plan.js';

/** One request that the server got. */
export interface SeenRequest {
  readonly headers: IncomingMessage['headers'];
  readonly body: {
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly response_format: {
      readonly json_schema: { readonly name: string; readonly schema: JsonObject };
    };
    readonly [key: string]: unknown;
  };
}

/** What to do with a request, by its number from 0. */
export type Script = (request: SeenRequest, index: number, response: ServerResponse) => void;

export interface ScriptedLlm {
  readonly settings: LlmSettings;
  readonly seen: readonly SeenRequest[];
  stop(): Promise<void>;
}

/** A local OpenAI-compatible server that does as the script says; the agent's tests talk to it over real HTTP. */
export async function startScriptedLlm(script: Script = obedient): Promise<ScriptedLlm> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((text) => {
      const one: SeenRequest = { headers: request.headers, body: JSON.parse(text) as SeenRequest['body'] };
      script(one, seen.push(one) - 1, response);
    });
  });
  server.keepAliveTimeout = 120_000; // an idle connection closed between two requests would be a fault of its own
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${String(port)}/v1`;
  return {
    settings: { baseUrl, model: 'scripted', timeoutSeconds: 5, maxTokens: 200 },
    seen,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers by the schema it got: the first option everywhere, as a model with a position bias would. */
export const obedient: Script = ({ body }, _, response) => {
  sendText(response, JSON.stringify(firstValue(body.response_format.json_schema.schema)));
};

/** A chat completion with this text. */
export function sendText(response: ServerResponse, text: string, finishReason = 'stop'): void {
  send(response, { content: text }, finishReason);
}

export function sendRefusal(response: ServerResponse): void {
  send(response, { content: null, refusal: 'I would rather not.' }, 'stop');
}

function send(response: ServerResponse, message: JsonObject, finishReason: string): void {
  const choices = [{ index: 0, finish_reason: finishReason, message: { role: 'assistant', ...message } }];
  const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ id: 'x', object: 'chat.completion', choices, usage }));
}

/** The first value the schema allows: first options, fewest items (the first distinct ones), lowest numbers. */
export function firstValue(schema: JsonObject): Json {
  const options = schema['enum'];
  if (Array.isArray(options)) return (options as readonly Json[])[0] ?? null;
  switch (schema['type']) {
    case 'object': {
      const properties = schema['properties'] as Readonly<Record<string, JsonObject>>;
      return Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, firstValue(of)]));
    }
    case 'array': {
      const items = (schema['items'] as JsonObject)['enum'];
      return (items as readonly Json[]).slice(0, Number(schema['minItems']));
    }
    case 'string':
      return 'because it is first';
    default:
      return schema['const'] ?? schema['minimum'] ?? 0;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
