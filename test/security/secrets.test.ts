import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { parse } from 'yaml';
import {
  firstValue,
  sendText,
  startScriptedLlm,
  type Script,
  type SeenRequest,
} from '../../activities/decide/scriptedLlm.js';
import { withFolder } from '../harness.js';
import { startInstallation, type Installation } from './installation.js';
import { filesUnder, formsOf, leaks } from './scan.js';

const ROOT = join(import.meta.dirname, '../..');
const SECRETS = {
  OPENAI_API_KEY: 'sk-canary+llm/0123456789abcdef',
  AWS_SECRET_ACCESS_KEY: 'canary+aws/ABCDEFGHIJKLMNOPQRSTUVWX',
} as const;

/** The quickstart's world, small: a baseline and two trials of a few steps. */
function smallSpec(name: string, baseUrl: string): object {
  const folder = join(ROOT, 'examples/quickstart');
  const spec = parse(readFileSync(join(folder, 'spec.yaml'), 'utf8')) as Record<string, unknown>;
  const absolute = (section: unknown): object =>
    Object.fromEntries(
      Object.entries(section as Record<string, { path: string }>).map(([key, one]) => [
        key,
        { ...one, path: join(folder, one.path) },
      ]),
    );
  const steps = { steps: [2], batchSize: 4, maxLength: 128, learningRate: [1e-4, 3e-4, 1e-3] };
  const { plural, format } = spec['benchmarks'] as Record<string, { path: string }>;
  return {
    ...spec,
    name,
    models: absolute(spec['models']),
    datasets: absolute(spec['datasets']),
    benchmarks: absolute({ plural, format }),
    actions: { sft: { maxDatasets: 2, parameters: steps } },
    policy: 'agent',
    llm: { baseUrl, model: 'scripted', timeoutSeconds: 20 },
    budget: { trials: 2 },
    finalists: 1,
  };
}

/** What an endpoint may do with the key that it was sent: say it back in every way. */
function echoing(seen: { heard: string[] }): Script {
  const faults: readonly ((response: ServerResponse, key: string) => void)[] = [
    (response, key) => fail(response, 429, `slow down, ${key}`, { 'retry-after-ms': '50' }),
    (response, key) => fail(response, 500, `${'x'.repeat(280)}${key}`),
    (response, key) => fail(response, 503, `{"error":{"code":"${key}","message":"${key}"}}`),
    (response, key) => response.end(`<html>${key}</html>`),
    (response, key) => sendText(response, `not JSON, but ${key}`),
    (response, key) => response.socket?.destroy(new Error(key)),
  ];
  return (request, index, response) => {
    const key = (request.headers.authorization ?? '').replace('Bearer ', '');
    seen.heard.push(key);
    const fault = faults[index];
    if (fault !== undefined) fault(response, key);
    else sendText(response, JSON.stringify(answerWith(request, key)));
  };
}

function fail(response: ServerResponse, status: number, body: string, headers: object = {}): void {
  response.writeHead(status, { 'content-type': 'text/plain', ...headers });
  response.end(body);
}

/** A valid answer whose free texts all hold the key. */
function answerWith({ body }: SeenRequest, key: string): unknown {
  const { schema } = body.response_format.json_schema;
  return JSON.parse(JSON.stringify(firstValue(schema)).replaceAll('because it is first', `because ${key}`));
}

async function lamdagent(
  home: string,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly output: string }> {
  const env = { ...process.env, ...SECRETS, LAMDAGENT_HOME: home };
  const child = spawn(process.execPath, [join(ROOT, 'bin/lamdagent.mjs'), ...args], { env });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  return new Promise((resolve) => {
    child.once('close', (code) => {
      resolve({ code, output });
    });
  });
}

/** All histories, with every payload in the clear. */
async function histories(client: Client): Promise<readonly (readonly [string, string])[]> {
  const found: [string, string][] = [];
  for await (const { workflowId, runId } of client.workflow.list()) {
    const json = historyToJSON(await client.workflow.getHandle(workflowId, runId).fetchHistory());
    const payloads = [...json.matchAll(/"data": "([^"]*)"/g)].map(([, data = '']) =>
      Buffer.from(data, 'base64').toString('utf8'),
    );
    found.push([`history of ${workflowId}`, `${json}\n${payloads.join('\n')}`]);
  }
  return found;
}

describe('secrets', function () {
  this.timeout(600_000);

  it('enter no history, ledger, decision, log, report or output, though the endpoint repeats its key', async () => {
    const seen = { heard: [] as string[] };
    const patient = await startScriptedLlm(echoing(seen));
    const strict = await startScriptedLlm((request, _, response) => {
      fail(response, 401, `Incorrect API key provided: ${request.headers.authorization ?? ''}`);
    });
    try {
      await withFolder(async (home) => {
        const installation = await startInstallation(home, SECRETS);
        try {
          await explore(home, installation, {
            patient: patient.settings.baseUrl,
            strict: strict.settings.baseUrl,
          });
        } finally {
          await installation.stop();
        }
        assert.deepEqual(leaks([['up', installation.said()]], SECRETS), []);
        assert.deepEqual(leaks(filesUnder(home), SECRETS), []);
        const calls = [...filesUnder(join(home, 'store/decisions'))].map(([, bytes]) =>
          bytes.toString('utf8'),
        );
        assert.ok(
          calls.some((text) => text.includes('[OPENAI_API_KEY]')),
          'the key was said back and replaced',
        );
      });
      assert.ok(seen.heard.length > 6);
      assert.deepEqual(new Set(seen.heard), new Set([SECRETS.OPENAI_API_KEY]), 'the key was in use');
    } finally {
      await patient.stop();
      await strict.stop();
    }
  });

  async function explore(
    home: string,
    { address }: Installation,
    llms: { readonly patient: string; readonly strict: string },
  ): Promise<void> {
    const file = (name: string, baseUrl: string): string => {
      const path = join(home, `${name}.json`);
      writeFileSync(path, JSON.stringify(smallSpec(name, baseUrl)));
      return path;
    };
    const connection = await Connection.connect({ address });
    const client = new Client({ connection });
    const outputs: [string, string][] = [];
    for (const [name, baseUrl] of Object.entries(llms)) {
      const { code, output } = await lamdagent(home, 'start', file(name, baseUrl), '--follow');
      assert.equal(code, name === 'patient' ? 0 : 1, output);
      outputs.push([`start ${name}`, output]);
    }
    assert.match(outputs[1]?.[1] ?? '', /ended without a result: LLM .*401 .*\[OPENAI_API_KEY\]/);
    for (const command of ['status', 'leaderboard', 'attempts', 'report', 'watch'])
      outputs.push([command, (await lamdagent(home, command, 'patient')).output]);
    assert.deepEqual(leaks(outputs, SECRETS), []);
    const recorded = await histories(client);
    assert.ok(recorded.length >= 8, String(recorded.length));
    assert.deepEqual(leaks(recorded, SECRETS), []);
    await connection.close();
  }

  it('in the address of an endpoint are refused before anything is started, and not repeated', async () => {
    await withFolder(async (home) => {
      const spec = join(home, 'spec.json');
      const address = `http://user:${encodeURIComponent(SECRETS.OPENAI_API_KEY)}@127.0.0.1:9/v1`;
      writeFileSync(spec, JSON.stringify(smallSpec('leaky', address)));
      for (const command of ['start', 'validate']) {
        const { code, output } = await lamdagent(home, command, spec);
        assert.equal(code, 2, output);
        assert.match(output, /llm\.baseUrl: expected an address without user name, password/);
        assert.match(output, /keys belong in OPENAI_API_KEY, got "http:\/\/…@127\.0\.0\.1:9\/v1"/);
        assert.deepEqual(leaks([[command, output]], SECRETS), []);
      }
      assert.deepEqual(readdirSync(home), ['spec.json']);
    });
  });

  it('are found by this scan wherever they are planted', () => {
    for (const form of formsOf(SECRETS.OPENAI_API_KEY))
      assert.deepEqual(leaks([['x', `before ${form} after`]], SECRETS), ['OPENAI_API_KEY in x']);
    const inside = Buffer.from(`{"any": "thing ${SECRETS.AWS_SECRET_ACCESS_KEY}"}`).toString('base64');
    for (const padding of ['', 'a', 'ab'])
      assert.equal(
        leaks([['x', Buffer.from(`${padding}${SECRETS.AWS_SECRET_ACCESS_KEY}!`).toString('base64')]], SECRETS)
          .length,
        1,
      );
    assert.equal(leaks([['x', inside]], SECRETS).length, 1);
    assert.deepEqual(leaks([['x', 'canary']], SECRETS), []);
  });
});
