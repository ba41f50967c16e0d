import assert from 'node:assert/strict';
import { request, type IncomingMessage } from 'node:http';
import { withFolder } from '../../test/harness.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { serveReport, type ReportServer } from './serve.js';
import { writeSyntheticLedger } from './testLedger.js';
import { recordsInMemory } from './testStore.js';

interface Answer {
  readonly status: number;
  readonly etag: string;
  readonly text: string;
}

function ask(url: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, etag: response.headers.etag ?? '', text });
      });
    });
    sent.on('error', reject).end();
  });
}

/** The first event of the stream after `act`. */
function eventAfter(url: string, act: () => Promise<unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}events`, (response: IncomingMessage) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const [, event] = /event: (\w+)/.exec(text) ?? [];
        if (event === undefined) return;
        sent.destroy();
        resolve(event);
      });
      act().catch(reject);
    });
    sent.on('error', reject).end();
  });
}

async function serving(
  use: (server: ReportServer, store: Store, explorationId: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const store = recordsInMemory(folder);
    const { explorationId } = await writeSyntheticLedger(store, { trials: 6, isRunning: true });
    const server = await serveReport(store, 'synthetic', { port: 0, lookEveryMs: 30 });
    try {
      await use(server, store, explorationId);
    } finally {
      await server.close();
    }
  });
}

describe('the report server', () => {
  it('gives the page once and 304 until the ledger changes', async () => {
    await serving(async ({ url }, store, explorationId) => {
      const first = await ask(url);
      assert.equal(first.status, 200);
      assert.match(first.text, /connect-src &#39;self&#39;/);
      const again = await ask(url, { 'If-None-Match': first.etag });
      assert.deepEqual([again.status, again.text, again.etag], [304, '', first.etag]);
      await store.putIfAbsent(
        keys.intervention(explorationId, 0),
        JSON.stringify({ schemaVersion: 1, number: 0, kind: 'clear', at: 'x', by: null }),
      );
      const changed = await ask(url, { 'If-None-Match': first.etag });
      assert.equal(changed.status, 200);
      assert.notEqual(changed.etag, first.etag);
    });
  });

  it('tells open pages of changes', async () => {
    await serving(async ({ url }, store, explorationId) => {
      const change = () => store.putIfAbsent(keys.decision(explorationId, 99), '{}');
      assert.equal(await eventAfter(url, change), 'changed');
    });
  });

  it('answers nobody who came by another name, and nothing but reading', async () => {
    await serving(async ({ url }) => {
      const { port } = new URL(url);
      assert.equal((await ask(url, { Host: `evil.example:${port}` })).status, 421);
      assert.equal((await ask(url, { Host: `localhost:${port}` })).status, 200);
      assert.equal((await ask(url, {}, 'POST')).status, 405);
      assert.deepEqual([(await ask(url, {}, 'HEAD')).status, (await ask(url, {}, 'HEAD')).text], [200, '']);
      assert.equal((await ask(`${url}../../etc/passwd`)).status, 404);
    });
  });

  it('says 404 when the exploration is gone, and does not hang on to open pages when it ends', async () => {
    await withFolder(async (folder) => {
      const server = await serveReport(recordsInMemory(folder), 'none', { port: 0 });
      assert.equal((await ask(server.url)).status, 404);
      const open = ask(`${server.url}events`).catch(() => 'cut off');
      await new Promise((resolve) => setTimeout(resolve, 100));
      await server.close();
      assert.equal(await open, 'cut off');
      await assert.rejects(ask(server.url), /ECONNREFUSED/);
    });
  });
});
