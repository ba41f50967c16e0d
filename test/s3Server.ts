import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_MS = 60_000;
const BUCKET = 'lamdagent';

export interface S3Server {
  /** E.g. `http://127.0.0.1:40213`; holds one empty bucket, `lamdagent`. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** What the clients of both languages read; the server takes any credentials. */
export const S3_VARIABLES = {
  AWS_ACCESS_KEY_ID: 'test-access',
  AWS_SECRET_ACCESS_KEY: 'test-secret',
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
} as const;

/** Starts moto's S3 server as a process of its own, on a free port of the loopback. */
export async function startS3Server(): Promise<S3Server> {
  const root = join(import.meta.dirname, '..');
  const python = join(process.env['LAMDAGENT_VENV'] ?? join(root, '.venv'), 'bin', 'python');
  if (!existsSync(python))
    throw new Error(`S3 server: expected ${python}, got no such file. Run \`npm run setup\`.`);
  const child = spawn(python, [join(root, 'test', 's3_server.py')], { stdio: ['pipe', 'pipe', 'pipe'] });
  const port = await portOf(child);
  const endpoint = `http://127.0.0.1:${port}`;
  const made = await fetch(`${endpoint}/${BUCKET}`, { method: 'PUT' });
  if (!made.ok) throw new Error(`S3 server: expected a new bucket, got ${String(made.status)}`);
  return { endpoint, close: () => ended(child) };
}

/** The first line the server prints. */
async function portOf(child: ChildProcess): Promise<string> {
  const said = { out: '', err: '' };
  child.stderr?.on('data', (chunk: Buffer) => (said.err = (said.err + chunk.toString()).slice(-2000)));
  child.stdout?.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  const late = AbortSignal.timeout(START_MS);
  const exited = once(child, 'exit', { signal: late }).then(
    ([code]) => `exit code ${String(code)}: ${said.err}`,
    () => `none within ${String(START_MS / 1000)} s`,
  );
  for (;;) {
    const line = /^(\d+)\n/.exec(said.out)?.[1];
    if (line !== undefined) return line;
    const end = await Promise.race([exited, sleep(20)]);
    if (end === undefined) continue;
    child.kill('SIGKILL');
    throw new Error(`S3 server: expected it to print its port, got ${end}`);
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
