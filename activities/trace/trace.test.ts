import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { withFolder } from '../../test/harness.js';
import { loadExploration, type StoredExploration } from '../ledger/read.js';
import { writeSyntheticLedger } from '../report/testLedger.js';
import { recordsInMemory } from '../report/testStore.js';
import { CollectorFault, otlpTraces, sendSpans } from './otlp.js';
import { spansOf, traceId, type Span } from './spans.js';

async function synthetic(isRunning: boolean): Promise<StoredExploration> {
  return withFolder(async (folder) => {
    const store = recordsInMemory(folder);
    await writeSyntheticLedger(store, { trials: 14, isRunning });
    const found = await loadExploration(store, 'synthetic');
    assert.ok(found);
    return found;
  });
}

/** A collector that answers with a status and a body, and what it was sent. */
async function withCollector<T>(
  { status = 200, body = '{}' }: { readonly status?: number; readonly body?: string },
  use: (address: string, sent: { readonly url: string; readonly body: string }[]) => Promise<T>,
): Promise<T> {
  const sent: { url: string; body: string }[] = [];
  const take = async (request: IncomingMessage): Promise<void> => {
    sent.push({ url: request.url ?? '', body: await text(request) });
  };
  const server = createServer((request, response) => {
    void take(request).then(() => response.writeHead(status).end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, sent);
  } finally {
    server.close();
  }
}

describe('the trace of an exploration', () => {
  let found: StoredExploration;
  let spans: readonly Span[];
  before(async () => {
    found = await synthetic(false);
    spans = spansOf(found);
  });

  it('has a span for each trial, each stage made for it and each attempt, below one root', () => {
    const made = found.rows.flatMap(({ stages }) => stages.filter(({ reused }) => !reused));
    const attempts = made.flatMap((stage) => stage.attempts);
    const names = spans.map(({ name }) => name);
    for (const row of found.rows)
      assert.equal(
        names.filter((name) => name.startsWith(`t${String(row.trial).padStart(4, '0')} `)).length,
        1,
      );
    assert.ok(names.filter((name) => name.startsWith('attempt ')).length >= attempts.length);
    assert.ok(attempts.length > found.rows.length);
    const ids = new Set(spans.map(({ id }) => id));
    assert.equal(ids.size, spans.length);
    const [root, ...below] = spans;
    assert.equal(root?.parent, null);
    for (const { parent, name } of below) assert.ok(parent !== null && ids.has(parent), name);
  });

  it('says what was lost, and what failed', () => {
    const lost = spans.filter(({ attributes }) => attributes['end'] === 'lost');
    assert.ok(lost.length > 0);
    for (const { fault, attributes } of lost) {
      assert.match(fault ?? '', /^lost: /);
      assert.equal(typeof attributes['stepsLost'], 'number');
    }
    const failed = found.rows.filter(({ status }) => status !== 'completed');
    const told = spans.filter(({ attributes, fault }) => 'trial' in attributes && fault !== null);
    assert.equal(told.length, failed.length);
  });

  it('keeps its ids while the search goes on, and has its root at the end alone', async () => {
    const running = await synthetic(true);
    const early = spansOf(running);
    assert.ok(early.every(({ parent }) => parent !== null));
    const ended = new Map(spans.map((span) => [span.id, span]));
    for (const span of early) assert.deepEqual(ended.get(span.id), span);
    assert.match(traceId(running.plan.explorationId), /^[0-9a-f]{32}$/);
  });

  it('goes to a collector as OTLP in JSON, in portions', async () => {
    const many = Array.from({ length: 40 }, () => spans).flat();
    await withCollector({}, async (address, sent) => {
      await sendSpans(`${address}/`, 'a'.repeat(32), many);
      assert.equal(sent.length, Math.ceil(many.length / 500));
      assert.ok(sent.every(({ url }) => url === '/v1/traces'));
      assert.deepEqual(JSON.parse(sent[0]?.body ?? ''), otlpTraces('a'.repeat(32), many.slice(0, 500)));
    });
    const text = JSON.stringify(otlpTraces('a'.repeat(32), spans.slice(0, 1)));
    assert.match(text, /"startTimeUnixNano":"\d{19}"/);
    assert.match(text, /"spanId":"[0-9a-f]{16}"/);
  });

  it('is a fault where a collector is silent, refuses it, or a part of it', async () => {
    const send = (address: string): Promise<void> => sendSpans(address, 'a'.repeat(32), spans);
    await assert.rejects(send('http://127.0.0.1:9'), CollectorFault);
    await withCollector({ status: 404 }, async (address) => {
      await assert.rejects(send(address), /expected a collector .+ got status 404/);
    });
    await withCollector({ body: '{"partialSuccess":{"rejectedSpans":"3"}}' }, async (address) => {
      await assert.rejects(send(address), /got 3 of them refused/);
    });
  });
});
