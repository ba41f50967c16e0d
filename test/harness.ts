import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { SERVER_SETTINGS } from '../workers/temporalServer.js';
import { QUEUES } from '../workflows/contract.js';
import type { Doubles } from './doubles.js';

const ROOT = join(import.meta.dirname, '..');
const VENV = join(ROOT, '.venv', 'bin');

/** A real Temporal server on loopback, from PATH or from the Python environment. */
export async function startServer(extraArgs: string[] = []): Promise<TestWorkflowEnvironment> {
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalProgram() },
      extraArgs: [...SERVER_SETTINGS, ...extraArgs],
    },
  });
}

export function temporalProgram(): string {
  const path = join(VENV, 'temporal');
  if (existsSync(path)) return path;
  throw new Error(`${path}: expected the Temporal server binary, got none. Run npm run setup.`);
}

let bundle: Promise<WorkflowBundleWithSourceMap> | null = null;
/** The workflow code, bundled once a test run. */
export function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  bundle ??= bundleWorkflowCode({ workflowsPath: join(ROOT, 'workflows/index.ts'), logger: silent });
  return bundle;
}

const nothing = (): void => undefined;
const silent = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

export async function startOrchestrator(
  server: TestWorkflowEnvironment,
  activities: object,
): Promise<Worker> {
  return Worker.create({
    connection: server.nativeConnection,
    taskQueue: QUEUES.orchestrator,
    workflowBundle: await workflowBundle(),
    activities,
  });
}

/** Runs `use` while an orchestrator and a GPU worker of doubles poll; `more`: activities beside the doubles' own. */
export async function whileServed<T>(
  server: TestWorkflowEnvironment,
  doubles: Pick<Doubles, 'activities' | 'gpu'>,
  use: () => Promise<T>,
  more: object = {},
): Promise<T> {
  const orchestrator = await startOrchestrator(server, { ...doubles.activities, ...more });
  const gpu = await Worker.create({
    connection: server.nativeConnection,
    taskQueue: QUEUES.gpu,
    activities: doubles.gpu,
  });
  return orchestrator.runUntil(gpu.runUntil(use));
}

/** A GPU worker process on the CPU, ready for work. */
export async function startGpuWorker(address: string, store: string): Promise<ChildProcess> {
  const child = spawn(
    join(VENV, 'lamdagent-gpu-worker'),
    ['--address', address, '--namespace', 'default', '--store', store, '--device', 'cpu'],
    { env: { ...process.env, OMP_NUM_THREADS: '1' }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  for await (const chunk of child.stdout) if (String(chunk).includes('ready')) break;
  return child;
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'lamdagent-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
