import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from './childProcess.js';
import { storeNeeds, type Environment } from './env.js';
import { UserFault } from './fault.js';
import type { Home } from './home.js';

/** Longer than the worker's own 40 s, in which it writes a checkpoint and hands its work back. */
const GRACE_MS = 45_000;

/** The Python GPU worker. One thread: on a busy machine two can be far slower, and bit-identity depends on the number. */
export function gpuWorkerProgram(env: Environment, home: Home, address: string): Program {
  const command = join(env.venv, 'bin', 'lamdagent-gpu-worker');
  if (!existsSync(command))
    throw new UserFault(`GPU worker: expected ${command}, got no such file. Run \`npm run setup\`.`);
  return {
    name: 'GPU worker',
    command,
    args: [
      ...['--address', address, '--namespace', 'default', '--device', env.device],
      ...['--store', env.store, '--cache', env.cache],
    ],
    env: {
      OMP_NUM_THREADS: '1',
      HF_HUB_OFFLINE: '1',
      TOKENIZERS_PARALLELISM: 'false',
      PYTHONUNBUFFERED: '1',
    },
    needs: storeNeeds(env),
    logFile: home.log('gpu-worker'),
    graceMs: GRACE_MS,
  };
}
