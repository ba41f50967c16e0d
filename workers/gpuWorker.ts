import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from './childProcess.js';
import { storeNeeds, type Environment } from './env.js';
import { EXIT, UserFault } from './fault.js';
import type { Home } from './home.js';

/** From SIGTERM, or a preemption notice that names no time, to the end: in it the worker writes a checkpoint and hands back. */
const NOTICE_SECONDS = 30;
/** The worker ends itself in time; this much later it is ended. */
const SLACK_SECONDS = 5;

/** The GPU worker of an embedded installation. */
export function gpuWorkerProgram(env: Environment, home: Home, address: string): Program {
  return {
    ...workerProgram(env, NOTICE_SECONDS),
    args: [
      ...['--address', address, '--namespace', 'default', '--device', env.device],
      ...['--store', env.store, '--cache', env.cache, '--notice', String(NOTICE_SECONDS)],
    ],
    needs: ['judge', ...storeNeeds(env)],
    logFile: home.log('gpu-worker'),
  };
}

/** Options of a GPU worker in the foreground, as its command line has them. */
export interface GpuWorkerOptions {
  readonly address?: string;
  readonly namespace?: string;
  readonly store?: string;
  readonly cache?: string;
  readonly device?: string;
  readonly queue?: string;
  readonly notice?: number;
  readonly spot?: string;
  readonly metadataAddress?: string;
}

/** A GPU worker for the service of `--address`, else of TEMPORAL_* or the profile, which the worker reads itself. */
export function foregroundGpuWorker(env: Environment, options: GpuWorkerOptions): Program {
  const { notice = NOTICE_SECONDS } = options;
  const values: Readonly<Record<string, string | undefined>> = {
    '--address': options.address,
    '--namespace': options.namespace,
    '--store': options.store ?? env.store,
    '--cache': options.cache ?? env.cache,
    '--device': options.device ?? env.device,
    '--queue': options.queue,
    '--notice': String(notice),
    '--spot': options.spot,
    '--metadata-address': options.metadataAddress,
  };
  return {
    ...workerProgram(env, notice),
    args: Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    ),
    logFile: null,
    needs: ['judge', 'temporal', ...storeNeeds({ store: options.store ?? env.store })],
    lastCodes: [EXIT.ok, EXIT.usage],
  };
}

/** One thread unless said otherwise: on a busy machine two can be far slower, and bit-identity depends on the number. */
function workerProgram(env: Environment, noticeSeconds: number): Omit<Program, 'args' | 'logFile' | 'needs'> {
  const command = join(env.venv, 'bin', 'lamdagent-gpu-worker');
  if (!existsSync(command))
    throw new UserFault(`GPU worker: expected ${command}, got no such file. Run \`npm run setup\`.`);
  return {
    name: 'GPU worker',
    command,
    env: {
      OMP_NUM_THREADS: String(env.threads),
      HF_HUB_OFFLINE: '1',
      TOKENIZERS_PARALLELISM: 'false',
      PYTHONUNBUFFERED: '1',
    },
    graceMs: (noticeSeconds + SLACK_SECONDS) * 1000,
  };
}
