import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import type { LlmAnswer, LlmClient, LlmRequest } from './exchange.js';
import { openAiClient } from './llm.js';
import { retryDelayMs } from './llmFailures.js';
import { sendRefusal, sendText, startScriptedLlm, type Script, type ScriptedLlm } from './scriptedLlm.js';

const REQUEST: LlmRequest = {
  purpose: 'actionType',
  messages: [{ role: 'user', content: 'choose' }],
  schema: { type: 'object', properties: {}, required: [], additionalProperties: false },
};

/** Asks a server that does as the script says. */
async function asking<T>(
  script: Script,
  use: (client: LlmClient, server: ScriptedLlm) => Promise<T>,
  timeoutSeconds = 5,
): Promise<T> {
  const server = await startScriptedLlm(script);
  try {
    return await use(openAiClient({ ...server.settings, timeoutSeconds }, { apiKey: 'secret' }), server);
  } finally {
    await server.stop();
  }
}

const answer = (script: Script): Promise<LlmAnswer> => asking(script, (client) => client.complete(REQUEST));

async function failure(script: Script, timeoutSeconds?: number): Promise<ApplicationFailure> {
  const thrown = await asking(
    script,
    (client) =>
      client.complete(REQUEST).then(
        () => null,
        (error: unknown) => error,
      ),
    timeoutSeconds,
  );
  assert.ok(thrown instanceof ApplicationFailure, String(thrown));
  return thrown;
}

const status =
  (
    code: number,
    headers: Readonly<Record<string, string>> = {},
    body = '{"error":{"message":"no"}}',
  ): Script =>
  (_, __, response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers });
    response.end(body);
  };

describe('the LLM client', () => {
  it('sends a strict schema, temperature 0, a seed, a token limit and the key, once', async () => {
    await asking(
      (_, __, response) => sendText(response, '{}'),
      async (client, { seen }) => {
        assert.equal((await client.complete(REQUEST)).text, '{}');
        assert.equal(seen.length, 1);
        assert.equal(seen[0]?.headers.authorization, 'Bearer secret');
        const { response_format: format, ...body } = seen[0]?.body ?? {};
        assert.deepEqual(body, {
          model: 'scripted',
          messages: REQUEST.messages,
          temperature: 0,
          seed: 1,
          max_tokens: 200,
        });
        assert.deepEqual(format, {
          type: 'json_schema',
          json_schema: { name: 'actionType', strict: true, schema: REQUEST.schema },
        });
      },
    );
  });

  for (const [code, type] of [
    [400, 'LlmRefusedRequest'],
    [401, 'LlmRefusedKey'],
    [403, 'LlmRefusedAccess'],
    [404, 'LlmRefusedModel'],
    [422, 'LlmRefusedRequest'],
  ] as const) {
    it(`gives up for good at ${String(code)}, and says what to do`, async () => {
      const thrown = await failure(status(code));
      assert.equal(thrown.type, type);
      assert.equal(thrown.nonRetryable, true);
      assert.match(thrown.message, new RegExp(`http://127.0.0.1.* got ${String(code)}`));
      assert.doesNotMatch(thrown.message, /secret/);
    });
  }

  it('waits as long as a 429 says', async () => {
    const thrown = await failure(status(429, { 'retry-after': '7' }));
    assert.equal(thrown.type, 'LlmRateLimited');
    assert.equal(thrown.nonRetryable, false);
    assert.equal(thrown.nextRetryDelay, 7000);
  });

  it('reads Retry-After as seconds, milliseconds or a date, and bounds it', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    const delay = (retryAfter: string | null, retryAfterMs: string | null = null) =>
      retryDelayMs({ retryAfter, retryAfterMs }, now);
    assert.equal(delay('1.5'), 1500);
    assert.equal(delay('9', '250'), 250);
    assert.equal(delay('Thu, 01 Jan 2026 00:00:20 GMT'), 20_000);
    assert.equal(delay('Wed, 31 Dec 2025 00:00:00 GMT'), 0);
    assert.equal(delay('99999999'), 900_000);
    assert.equal(delay('soon'), null);
    assert.equal(delay(null), null);
  });

  it('gives up for good when the quota is used up', async () => {
    const thrown = await failure(status(429, {}, '{"error":{"code":"insufficient_quota","message":"pay"}}'));
    assert.equal(thrown.type, 'LlmRefusedQuota');
    assert.equal(thrown.nonRetryable, true);
  });

  it('leaves a 500, and a 502 with an HTML page, to a retry', async () => {
    assert.equal((await failure(status(500))).type, 'LlmUnavailable');
    const page = await failure(status(502, { 'content-type': 'text/html' }, '<html>bad gateway</html>'));
    assert.equal(page.type, 'LlmUnavailable');
    assert.equal(page.nonRetryable, false);
  });

  it('leaves a reset connection to a retry', async () => {
    const thrown = await failure((_, __, response) => response.socket?.resetAndDestroy());
    assert.equal(thrown.type, 'LlmUnreachable');
    assert.equal(thrown.nonRetryable, false);
  });

  it('leaves a body cut in the middle to a retry', async () => {
    const thrown = await failure((_, __, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
      response.write('{"choices":[');
      setTimeout(() => response.destroy(), 20);
    });
    assert.equal(thrown.type, 'LlmUnreachable');
  });

  it('ends a stall before the headers, and one in the body', async () => {
    assert.equal((await failure(() => undefined, 0.3)).type, 'LlmStalled');
    const inBody = await failure((_, __, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"choices":[');
    }, 0.3);
    assert.equal(inBody.type, 'LlmStalled');
    assert.equal(inBody.nonRetryable, false);
  });

  it('ends a request when the activity is cancelled, with the reason of the cancellation', async () => {
    const server = await startScriptedLlm(() => undefined);
    const reason = new Error('worker is shutting down');
    const signal = AbortSignal.abort(reason);
    const client = openAiClient(server.settings, { apiKey: null, signal });
    await assert.rejects(client.complete(REQUEST), reason);
    await server.stop();
  });

  it('tells text, refusals, cut answers and pages that are no answers apart', async () => {
    assert.equal((await answer((_, __, response) => sendText(response, '{}'))).kind, 'text');
    assert.equal((await answer((_, __, response) => sendRefusal(response))).kind, 'refusal');
    assert.equal((await answer((_, __, response) => sendText(response, '{"a', 'length'))).kind, 'length');
    const html = await answer(status(200, { 'content-type': 'text/html' }, '<html>sign in</html>'));
    assert.deepEqual(html, {
      kind: 'unreadable',
      text: '<html>sign in</html>',
      promptTokens: 0,
      completionTokens: 0,
    });
    assert.equal((await answer(status(200, {}, '<html>'))).kind, 'unreadable');
  });
});

describe('an endpoint that repeats the key', () => {
  const KEY = 'sk-canary/0123456789+abcdef==';
  const echoes: readonly (readonly [string, (heard: string) => string])[] = [
    ['as it got it', (heard) => heard],
    ['bare', () => KEY],
    ['in an address', () => `https://x/?key=${encodeURIComponent(KEY)}`],
    ['in base64', () => Buffer.from(KEY).toString('base64')],
    ['at the place where texts are cut short', () => 'x'.repeat(280) + KEY],
  ];

  /** All that the client says of one exchange. */
  async function said(script: Script): Promise<string> {
    const server = await startScriptedLlm(script);
    try {
      const client = openAiClient(server.settings, { apiKey: KEY });
      const heard: unknown = await client.complete(REQUEST).catch((error: unknown) => error);
      return heard instanceof Error
        ? `${heard.message} ${String(heard.stack)} ${JSON.stringify(heard)} ${String(heard.cause)}`
        : JSON.stringify(heard);
    } finally {
      await server.stop();
    }
  }

  for (const [how, echo] of echoes)
    for (const code of [200, 400, 401, 429, 500])
      it(`${how}, with status ${String(code)}, is not quoted with it`, async () => {
        const text = await said((request, _, response) => {
          const words = echo(request.headers.authorization ?? '');
          if (code === 200) return sendText(response, words);
          const error = { message: words, code: words, type: words };
          response.writeHead(code, { 'content-type': 'application/json' });
          response.end(JSON.stringify({ error }));
        });
        for (const part of [
          KEY,
          KEY.slice(0, 12),
          encodeURIComponent(KEY),
          Buffer.from(KEY).toString('base64'),
        ])
          assert.ok(!text.includes(part), text);
      });

  it('in a page that is no answer, is not quoted with it either', async () => {
    const page = await said((_, __, response) => response.end(`<html>${'y'.repeat(185)}${KEY}</html>`));
    assert.ok(!page.includes('sk-canary'), page);
    assert.match(page, /"kind":"unreadable"/);
  });
});
