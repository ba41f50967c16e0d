import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from './childProcess.js';
import { storeNeeds, type Environment } from './env.js';
import { hostOf, placementsOf, threadsOf, type Host } from './devices.js';
import { EXIT, UserFault } from './fault.js';
import type { Home } from './home.js';

/** From SIGTERM, or a preemption notice that names no time, to the end: in it the worker writes a checkpoint and hands back. */
const NOTICE_SECONDS = 30;
/** The worker ends itself in time; this much later it is ended. */
const SLACK_SECONDS = 5;

/** The GPU worker of an embedded installation. */
export function gpuWorkerProgram(env: Environment, home: Home, address: string): Program {
  return {
    ...workerProgram(env, NOTICE_SECONDS, threadsOf(env.device, 1, hostOf(env))),
    name: 'GPU worker',
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
  readonly perStage?: number;
  /** Whether each of these devices holds a part of the model only: auto, always or never. */
  readonly shard?: string;
  readonly queue?: string;
  readonly gpuClass?: string;
  /** Either this, */
  readonly devices?: readonly string[];
  /** or this: several workers; neither: one. */
  readonly count?: number;
  readonly notice?: number;
  readonly spot?: string;
  readonly metadataAddress?: string;
}

/** GPU workers for the service of `--address`, else of TEMPORAL_* or the profile, which the workers read themselves. */
export function foregroundGpuWorkers(
  env: Environment,
  options: GpuWorkerOptions,
  host: Host = hostOf(env),
): readonly Program[] {
  const { notice = NOTICE_SECONDS, devices, perStage = 1 } = options;
  if (options.shard === 'always' && perStage === 1)
    throw new UserFault('--shard: expected --per-stage of 2 or more with always, got 1.', EXIT.usage);
  const wanted = options.device ?? env.device;
  const placements = placementsOf({ ...options, device: wanted }, host);
  // Who names devices must not get the CPU in their place.
  const device = devices === undefined ? wanted : 'cuda';
  const args = argumentsOf({ ...options, device, notice }, env);
  const threads = threadsOf(device, placements.length, host);
  const common = workerProgram(env, notice, threads);
  return placements.map(({ name, visible }) => ({
    ...common,
    name,
    args,
    env: { ...common.env, ...(visible === null ? {} : { CUDA_VISIBLE_DEVICES: visible }) },
    logFile: null,
    needs: ['judge', 'temporal', ...storeNeeds({ store: options.store ?? env.store })],
    lastCodes: [EXIT.ok, EXIT.usage],
  }));
}

function argumentsOf(options: GpuWorkerOptions, env: Environment): readonly string[] {
  const values: Readonly<Record<string, string | undefined>> = {
    '--address': options.address,
    '--namespace': options.namespace,
    '--store': options.store ?? env.store,
    '--cache': options.cache ?? env.cache,
    '--device': options.device,
    '--per-stage': options.perStage === undefined ? undefined : String(options.perStage),
    '--shard': options.shard,
    '--queue': options.queue,
    '--gpu-class': options.gpuClass,
    '--notice': String(options.notice),
    '--spot': options.spot,
    '--metadata-address': options.metadataAddress,
  };
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}

function workerProgram(
  env: Environment,
  noticeSeconds: number,
  threads: number,
): Pick<Program, 'command' | 'env' | 'graceMs'> {
  const command = join(env.venv, 'bin', 'lamdagent-gpu-worker');
  if (!existsSync(command))
    throw new UserFault(`GPU worker: expected ${command}, got no such file. Run \`npm run setup\`.`);
  return {
    command,
    env: {
      OMP_NUM_THREADS: String(threads),
      HF_HUB_OFFLINE: '1',
      TOKENIZERS_PARALLELISM: 'false',
      PYTHONUNBUFFERED: '1',
    },
    graceMs: (noticeSeconds + SLACK_SECONDS) * 1000,
  };
}
