/** A real embedded installation as a process of its own, for tests that look at it from outside. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandOf, descendantsOf } from './proc.js';

const ROOT = join(import.meta.dirname, '../..');

/** The processes by what they are. */
export interface Processes {
  readonly server: number;
  readonly orchestrator: number;
  readonly gpuWorker: number;
  readonly trainer: number;
}

export interface Installation {
  readonly address: string;
  /** All that `lamdagent up` said so far. */
  said(): string;
  /** Resolves when all of them run. */
  processes(): Promise<Processes>;
  stop(): Promise<void>;
}

const PATTERNS = {
  server: /server start-dev/,
  orchestrator: /dist\/workers\/orchestrator\.js/,
  gpuWorker: /lamdagent-gpu-worker/,
  trainer: /lamdagent_gpu\.child/,
} as const;

/** `lamdagent up` with these variables beside the usual ones. */
export async function startInstallation(
  home: string,
  variables: Readonly<Record<string, string>>,
): Promise<Installation> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/lamdagent.mjs'), 'up'], {
    env: { ...process.env, PYTHONPATH: join(ROOT, 'python-gpu'), LAMDAGENT_HOME: home, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: home,
  });
  const gone = once(child, 'exit');
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
  while (!said.includes('Ctrl-C stops.')) {
    if (child.exitCode !== null) throw new Error(`lamdagent up: expected to run, got ${said}`);
    await sleep(100);
  }
  const { port } = JSON.parse(readFileSync(join(home, 'server.json'), 'utf8')) as { port: number };
  return {
    address: `127.0.0.1:${String(port)}`,
    said: () => said,
    processes: () => processesUnder(child.pid ?? 0),
    stop: async () => {
      child.kill('SIGTERM');
      await gone;
    },
  };
}

async function processesUnder(pid: number): Promise<Processes> {
  for (;;) {
    const found = descendantsOf(pid).map((one) => [one, commandOf(one)] as const);
    const pidOf = (pattern: RegExp): number => found.find(([, command]) => pattern.test(command))?.[0] ?? 0;
    const { server, orchestrator, gpuWorker, trainer } = PATTERNS;
    const all: Processes = {
      server: pidOf(server),
      orchestrator: pidOf(orchestrator),
      gpuWorker: pidOf(gpuWorker),
      trainer: pidOf(trainer),
    };
    if (Object.values(all).every((one: number) => one > 0)) return all;
    await sleep(100);
  }
}
