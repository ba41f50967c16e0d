import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { startServer, withFolder } from '../test/harness.js';
import { QUEUES } from '../workflows/contract.js';
import { createLogger } from './log.js';
import { freePort } from './ports.js';
import { telemetryOf } from './telemetry.js';

const ORCHESTRATOR = join(import.meta.dirname, '../dist/workers/orchestrator.js');

interface Line {
  readonly level: string;
  readonly time: string;
  readonly message: string;
}

describe('the telemetry of the orchestrator', () => {
  it('writes one JSON object a line, with its level, time and what belongs to it', () => {
    const lines: string[] = [];
    const logger = createLogger(
      { format: 'json', level: 'INFO' },
      { write: (line) => void lines.push(line) },
    );
    logger.info('ready', { taskQueue: 'q' });
    logger.debug('not wanted');
    logger.error('two\nlines', { error: new Error('boom'), count: 3n });
    assert.equal(lines.length, 2);
    const [first, second] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.ok(lines.every((line) => line.endsWith('}\n') && line.split('\n').length === 2));
    assert.deepEqual([first?.['level'], first?.['message'], first?.['taskQueue']], ['info', 'ready', 'q']);
    assert.match(String(first?.['time']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.deepEqual(
      [second?.['level'], (second?.['error'] as { message: string }).message],
      ['error', 'boom'],
    );
  });

  it('serves metrics or sends them, the first where both are asked for', () => {
    const log = { format: 'text', level: 'INFO' } as const;
    const otlp = { url: 'http://127.0.0.1:4317', isHttp: false };
    assert.deepEqual(telemetryOf({ log, metrics: null, otlp: null }), {});
    assert.deepEqual(telemetryOf({ log, metrics: '127.0.0.1:1', otlp }).metrics, {
      prometheus: { bindAddress: '127.0.0.1:1' },
    });
    const sent = telemetryOf({ log, metrics: null, otlp }).metrics;
    assert.ok(sent !== undefined && 'otel' in sent && sent.otel.url === otlp.url);
  });

  describe('as a process', () => {
    let server: TestWorkflowEnvironment;
    before(async () => {
      server = await startServer();
    });
    after(() => server.teardown());

    /** Runs an orchestrator until `use` is done; everything that it said. */
    async function running(
      variables: Readonly<Record<string, string>>,
      use: () => Promise<void>,
    ): Promise<readonly string[]> {
      return withFolder(async (home) => {
        const child = spawn(process.execPath, [ORCHESTRATOR, '--address', server.address], {
          env: { PATH: process.env['PATH'], HOME: home, LAMDAGENT_HOME: home, ...variables },
          stdio: ['ignore', 'inherit', 'pipe'],
        });
        let said = '';
        child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
        const ended = once(child, 'close');
        try {
          await readyOf(child, () => said);
          await use();
        } finally {
          child.kill('SIGTERM');
          await ended;
        }
        return said.trimEnd().split('\n');
      });
    }

    it('serves the metrics of the SDK on the address that is named, and says all it says as JSON', async () => {
      const address = `127.0.0.1:${String(await freePort())}`;
      const lines = await running({ LAMDAGENT_METRICS: address, LAMDAGENT_LOG: 'json' }, async () => {
        const answer = await fetch(`http://${address}/metrics`);
        assert.match(
          await answer.text(),
          new RegExp(`^temporal_\\w+\\{[^}]*task_queue="${QUEUES.orchestrator}"`, 'm'),
        );
      });
      const parsed = lines.map((line) => JSON.parse(line) as Line);
      assert.ok(parsed.some(({ message }) => message.startsWith('ready queue=')));
      assert.ok(parsed.every(({ level, time }) => level !== '' && time !== ''));
    });

    it('works without metrics, and says so, where their address is taken', async () => {
      const taken = createServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const address = `127.0.0.1:${String(portOf(taken))}`;
      const lines = await running({ LAMDAGENT_METRICS: address }, () => Promise.resolve());
      taken.close();
      assert.match(lines.join('\n'), /metrics: expected to serve them, got .*Going on without/);
    });

    it('sends metrics to a collector that the standard variable names', async () => {
      let heard: (path: string) => void = () => undefined;
      const asked = new Promise<string>((resolve) => (heard = resolve));
      const collector = createServer((request, response) => {
        request.resume();
        heard(`${request.method ?? ''} ${request.url ?? ''} ${request.headers['content-type'] ?? ''}`);
        response.end();
      }).listen(0, '127.0.0.1');
      await once(collector, 'listening');
      const url = `http://127.0.0.1:${String(portOf(collector))}/v1/metrics`;
      await running(
        { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' },
        async () => {
          assert.match(await asked, /^POST \/v1\/metrics\S* application\/x-protobuf$/);
        },
      );
      collector.closeAllConnections();
      collector.close();
    });
  });
});

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function readyOf(child: ChildProcess, said: () => string): Promise<void> {
  while (!said().includes('ready queue=')) {
    assert.equal(child.exitCode, null, said());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
