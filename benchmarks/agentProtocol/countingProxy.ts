import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROMPT_VERSION } from '../../activities/decide/prompts/version.js';
import type { Json, JsonObject } from '../../domain/json.js';
import { canonicalJson, sha256Hex } from '../../domain/stage.js';

/** A request that reached the LLM's server, and whether its answer was delivered whole: that is what a provider bills. */
export interface SeenRequest {
  /** The hash that the ledger knows the question by. */
  readonly promptSha256: string;
  answered: boolean;
}

export interface CountingProxy {
  readonly baseUrl: string;
  readonly seen: readonly SeenRequest[];
  stop(): Promise<void>;
}

/** Stands before an OpenAI-compatible endpoint on loopback, passes everything on, after `thinkMs`, and keeps count. */
export async function startCountingProxy(target: string, thinkMs = 0): Promise<CountingProxy> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    void pass({ target, thinkMs }, seen, { request, response }).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 120_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${String(port)}/v1`,
    seen,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function pass(
  { target, thinkMs }: { readonly target: string; readonly thinkMs: number },
  seen: SeenRequest[],
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = Buffer.concat(parts).toString('utf8');
  const entry: SeenRequest = { promptSha256: promptOf(JSON.parse(body) as JsonObject), answered: false };
  seen.push(entry);
  // The asker may be killed meanwhile: then the server need not think on.
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  await sleep(thinkMs);
  const url = `${target}${(request.url ?? '').replace(/^\/v1/, '')}`;
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body, signal: gone.signal });
  const text = await answer.text();
  if (gone.signal.aborted) return;
  response.on('finish', () => (entry.answered = true));
  response.writeHead(answer.status, headers).end(text);
}

/** As `openCallLog` hashes it. */
function promptOf(body: JsonObject): string {
  const format = body['response_format'] as { readonly json_schema: { readonly schema: Json } };
  const { model = null, messages = null } = body;
  const { schema } = format.json_schema;
  return sha256Hex(canonicalJson({ model, promptVersion: PROMPT_VERSION, messages, schema }));
}
