import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { composeServices, filledVariables, ROOT } from './composeFile.js';

export const BUCKET = 'lamdagent';
const START_MS = 120_000;
/** SeaweedFS listens for gRPC at each port plus this. */
const GRPC_OFFSET = 10_000;
const PARTS = ['master', 'volume', 'filer', 's3'] as const;

export interface Seaweed {
  readonly endpoint: string;
  /** `host:port`, as the script that makes the bucket reads them. */
  readonly master: string;
  readonly filer: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  close(): Promise<void>;
}

/** Starts SeaweedFS with the command of docker-compose.yml, on the loopback, in a folder of its own. */
export async function startSeaweed(weed: string): Promise<Seaweed> {
  const folder = mkdtempSync(join(tmpdir(), 'lamdagent-seaweed-'));
  const ports = await Promise.all(PARTS.map(() => portWithGrpc()));
  const { command = [], environment = {} } = composeServices(filledVariables())['s3'] ?? {};
  const here = command.map((word) =>
    word.replace('-dir=/data', `-dir=${folder}`).replace(/^-ip(\.bind)?=.*/, '-ip$1=127.0.0.1'),
  );
  const listen = PARTS.map((part, at) => `-${part}.port=${String(ports[at])}`);
  const child = spawn(weed, ['-logtostderr=true', ...here, ...listen], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, ...environment },
    stdio: 'ignore',
  });
  const [master, , filer, s3] = ports.map((port) => `127.0.0.1:${String(port)}`);
  const close = (): Promise<void> => ended(child, folder);
  const endpoint = `http://${String(s3)}`;
  await healthy(`${endpoint}/healthz`, child).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    ...{ endpoint, master: String(master), filer: String(filer), close },
    credentials: {
      accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
    },
  };
}

/** Makes the bucket with the script of docker-compose.yml; what it said. */
export function makeBucket(weed: string, { master, filer }: Seaweed): string {
  const { status, stdout, stderr } = spawnSync('sh', [join(ROOT, 'docker/bucket.sh')], {
    encoding: 'utf8',
    cwd: tmpdir(),
    env: {
      PATH: [dirname(weed), process.env['PATH']].join(delimiter),
      ...{ S3_BUCKET: BUCKET, MASTER: master, FILER: filer },
    },
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

/** The check of docker-compose.yml. */
async function healthy(url: string, child: ChildProcess): Promise<void> {
  const deadlineMs = Date.now() + START_MS;
  while (Date.now() < deadlineMs && child.exitCode === null) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    await sleep(200);
  }
  throw new Error(`SeaweedFS: expected ${url} to answer within ${String(START_MS / 1000)} s, got nothing`);
}

async function ended(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  rmSync(folder, { recursive: true, force: true });
}

async function portWithGrpc(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 25_000);
    if ((await isFree(port)) && (await isFree(port + GRPC_OFFSET))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      const { port: bound } = server.address() as AddressInfo;
      server.close(() => {
        resolve(bound === port);
      });
    });
  });
}
