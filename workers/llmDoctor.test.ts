import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SpecSchema } from '../activities/spec/schema.js';
import { llmFinding } from './llmDoctor.js';
import { freePort } from './ports.js';

const KEY = 'sk-test-5f2e9c';
const HOSTED = { openAiKey: KEY, openAiBaseUrl: null };
type Answer = (request: IncomingMessage) => { readonly status: number; readonly body: unknown };

interface Endpoint {
  readonly baseUrl: string;
  /** `GET /v1/models Bearer …` of each request. */
  readonly asked: string[];
}

async function withEndpoint<T>(answer: Answer, use: (endpoint: Endpoint) => Promise<T>): Promise<T> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.authorization ?? ''}`.trim());
    request.resume();
    const { status, body } = answer(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    return await use({ baseUrl: `http://127.0.0.1:${String(port)}/v1`, asked });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const listing: Answer = () => ({
  status: 200,
  body: { data: [{ id: 'judge-mini' }, { id: 'judge-large' }] },
});
const llmOf = (baseUrl: string, model = 'judge-mini') => SpecSchema.shape.llm.parse({ baseUrl, model });

describe('the doctor looks at the LLM endpoint', () => {
  it('and sends nothing where none is named, though there is a key', async () => {
    const none = await llmFinding({ openAiKey: null, openAiBaseUrl: null }, { llm: undefined, ask: true });
    assert.deepEqual([none.ok, none.found], [true, 'none is named: nothing is sent']);
    const key = await llmFinding(HOSTED, { llm: undefined, ask: false });
    assert.match(key.found, /though OPENAI_API_KEY is set: nothing is sent/);
    assert.ok(!JSON.stringify(key).includes(KEY));
    const embedded = await llmFinding(HOSTED, {
      llm: SpecSchema.shape.llm.parse({ embedded: true }),
      ask: true,
    });
    assert.match(embedded.found, /^embedded/);
  });

  it('and looks for the model in its list, which costs nothing', async () => {
    await withEndpoint(listing, async ({ baseUrl, asked }) => {
      const there = await llmFinding(HOSTED, { llm: llmOf(baseUrl), ask: false });
      assert.deepEqual(
        [there.ok, there.found],
        [true, `${baseUrl} answers with OPENAI_API_KEY and has judge-mini`],
      );
      assert.deepEqual(asked, [`GET /v1/models Bearer ${KEY}`]);
      const typo = await llmFinding(HOSTED, { llm: llmOf(baseUrl, 'judge-minni'), ask: false });
      assert.equal(typo.ok, false);
      assert.match(typo.fix, /Did you mean judge-mini\?/);
      const variable = { openAiKey: null, openAiBaseUrl: baseUrl };
      const unnamed = await llmFinding(variable, { llm: undefined, ask: false });
      assert.match(unnamed.found, /answers without a key and has 2 models/);
      const nobody = await llmFinding(variable, { llm: undefined, ask: true });
      assert.match(nobody.found, /expected a model to ask, got none/);
    });
  });

  it('and tells a missing key, a refused one, and a server that is not there', async () => {
    await withEndpoint(
      () => ({ status: 401, body: { error: { message: `bad ${KEY}` } } }),
      async ({ baseUrl }) => {
        const without = await llmFinding({ ...HOSTED, openAiKey: null }, { llm: llmOf(baseUrl), ask: false });
        assert.match(without.found, /expected a key, got none \(401\)/);
        const refused = await llmFinding(HOSTED, { llm: llmOf(baseUrl), ask: false });
        assert.match(refused.found, /got it refused \(401\)/);
        assert.ok(!JSON.stringify(refused).includes(KEY));
      },
    );
    const away = await llmFinding(HOSTED, {
      llm: llmOf(`http://127.0.0.1:${String(await freePort())}/v1`),
      ask: false,
    });
    assert.equal(away.ok, false);
    assert.match(away.found, /expected an answer, got .*ECONNREFUSED/);
    assert.match(away.fix, /it ends in \/v1/);
  });

  it('and asks for one token only when told to', async () => {
    const answer: Answer = ({ url }) =>
      url?.endsWith('/models') === true
        ? { status: 404, body: {} }
        : {
            status: 200,
            body: {
              choices: [{ finish_reason: 'length', message: { content: '{' } }],
              usage: { prompt_tokens: 12, completion_tokens: 1 },
            },
          };
    await withEndpoint(answer, async ({ baseUrl, asked }) => {
      const unasked = await llmFinding(HOSTED, { llm: llmOf(baseUrl), ask: false });
      assert.equal(unasked.ok, true);
      assert.match(unasked.found, /lists no models; --ask-llm/);
      assert.equal(asked.length, 1);
      const found = await llmFinding(HOSTED, { llm: llmOf(baseUrl), ask: true });
      assert.deepEqual(
        [found.ok, found.found],
        [true, `${baseUrl} answers as judge-mini (asked: 12 + 1 tokens)`],
      );
      assert.match(asked.at(-1) ?? '', /^POST \/v1\/chat\/completions Bearer /);
    });
    const refusing: Answer = ({ url }) =>
      url?.endsWith('/models') === true
        ? listing({} as IncomingMessage)
        : { status: 404, body: { error: { message: 'no such model' } } };
    await withEndpoint(refusing, async ({ baseUrl }) => {
      const refused = await llmFinding(HOSTED, { llm: llmOf(baseUrl), ask: true });
      assert.equal(refused.ok, false);
      assert.match(refused.found, /no such model.*Check llm\.model/);
    });
  });
});
