import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createEmbeddedLlm } from '../../workers/embeddedLlm.js';
import { withFolder } from '../harness.js';
import { S3_VARIABLES, startS3Server } from '../s3Server.js';
import { startInstallation, type Processes } from './installation.js';
import { descendantsOf, environmentOf, HAS_PROC, isLoopback, listenersIn, listenersOf } from './proc.js';

const CANARY = 'canary-4711';
const ACCOUNTS = {
  OPENAI_API_KEY: CANARY,
  LAMDAGENT_JUDGE_API_KEY: CANARY,
  AWS_SECRET_ACCESS_KEY: CANARY,
  AWS_SESSION_TOKEN: CANARY,
  TEMPORAL_API_KEY: CANARY,
  HF_TOKEN: CANARY,
  WANDB_API_KEY: CANARY,
} as const;

/** The variables of a process that hold the canary, whatever they are called. */
function secretsOf(pid: number): readonly string[] {
  return [...environmentOf(pid)].filter(([, value]) => value.includes(CANARY)).map(([name]) => name);
}

function secrets(processes: Processes): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(processes).map(([name, pid]: [string, number]) => [name, [...secretsOf(pid)].sort()]),
  );
}

describe('the processes of an embedded installation', function () {
  this.timeout(180_000);
  before(function () {
    if (!HAS_PROC) this.skip();
  });

  it('get no secret but the one they need, and listen on the loopback alone', async () => {
    await withFolder(async (home) => {
      const installation = await startInstallation(home, ACCOUNTS);
      try {
        const processes = await installation.processes();
        assert.deepEqual(secrets(processes), {
          server: [],
          orchestrator: ['HF_TOKEN', 'OPENAI_API_KEY'],
          gpuWorker: ['LAMDAGENT_JUDGE_API_KEY'],
          trainer: [],
        });
        const listeners = Object.values(processes).flatMap((pid: number) => listenersOf(pid));
        assert.deepEqual(
          listeners.filter((one) => !isLoopback(one)),
          [],
        );
        const ports = listenersOf(processes.server).map(({ port }) => port);
        assert.ok(ports.length >= 3, `expected the service, its UI and its metrics, got ${ports.join(', ')}`);
        assert.ok(ports.includes(Number(installation.address.split(':')[1])));
        for (const silent of ['orchestrator', 'gpuWorker', 'trainer'] as const)
          assert.deepEqual(listenersOf(processes[silent]), [], silent);
      } finally {
        await installation.stop();
      }
    });
  });

  it('get the AWS credentials when the store is on S3, and only those that use the store', async () => {
    const s3 = await startS3Server();
    try {
      await withFolder(async (home) => {
        const installation = await startInstallation(home, {
          ...S3_VARIABLES,
          ...ACCOUNTS,
          AWS_SESSION_TOKEN: 'none',
          AWS_ENDPOINT_URL_S3: s3.endpoint,
          LAMDAGENT_STORE: 's3://lamdagent/security',
        });
        try {
          assert.deepEqual(secrets(await installation.processes()), {
            server: [],
            orchestrator: ['AWS_SECRET_ACCESS_KEY', 'HF_TOKEN', 'OPENAI_API_KEY'],
            gpuWorker: ['AWS_SECRET_ACCESS_KEY', 'LAMDAGENT_JUDGE_API_KEY'],
            trainer: ['AWS_SECRET_ACCESS_KEY'],
          });
        } finally {
          await installation.stop();
        }
      });
    } finally {
      await s3.close();
    }
  });

  it('include an embedded LLM, which gets no secret and listens on the loopback alone', async function () {
    const root = join(import.meta.dirname, '../..');
    const python = join(root, '.venv/bin/python');
    if (!existsSync(python)) this.skip();
    const before = { ...process.env };
    Object.assign(process.env, ACCOUNTS);
    const others = new Set(descendantsOf(process.pid));
    const llm = createEmbeddedLlm({ python, root, say: () => undefined });
    try {
      const { baseUrl } = await llm.open();
      const fresh = descendantsOf(process.pid).filter((pid) => !others.has(pid));
      const listeners = fresh.flatMap(listenersOf);
      assert.ok(listeners.some(({ port }) => String(port) === new URL(baseUrl).port));
      assert.deepEqual(
        listeners.filter((one) => !isLoopback(one)),
        [],
      );
      assert.deepEqual(fresh.flatMap(secretsOf), []);
    } finally {
      await llm.stop();
      process.env = before;
    }
  });
});

describe('the look at listening sockets', () => {
  const line = (address: string): string => `sl local\n 0: ${address}:1F90 00000000:0000 0A 0 0 0 0 0 42 1`;
  it('tells the loopback from every other address', () => {
    const verdict = (address: string): boolean[] => listenersIn(line(address)).map(isLoopback);
    for (const address of [
      '0100007F',
      '0000000000000000FFFF00000100007F',
      '00000000000000000000000001000000',
    ])
      assert.deepEqual(verdict(address), [true], address);
    for (const address of [
      '00000000',
      '0101A8C0',
      '7F000001',
      '0'.repeat(32),
      '0000000000000000FFFF000000000000',
    ])
      assert.deepEqual(verdict(address), [false], address);
  });

  it('sees sockets that listen, with their port, and no others', () => {
    assert.deepEqual(listenersIn(line('0100007F')), [{ address: '0100007F', port: 8080, inode: '42' }]);
    assert.deepEqual(listenersIn(line('0100007F').replace(' 0A ', ' 01 ')), []);
  });
});
