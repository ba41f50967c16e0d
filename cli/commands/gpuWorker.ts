import { resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { storeOf } from '../../workers/env.js';
import { EXIT } from '../../workers/fault.js';
import { foregroundGpuWorker, type GpuWorkerOptions } from '../../workers/gpuWorker.js';
import { createKeeper } from '../../workers/keeper.js';
import type { Context, Run } from '../context.js';
import { listenForInterrupt } from '../interrupt.js';

const EXAMPLE = `
Example, on a spot machine of a fleet:
  npx lamdagent gpu-worker --address temporal.internal:7233 --store s3://bucket/lamdagent --spot auto`;

export function addGpuWorker(program: Command, run: Run): void {
  program
    .command('gpu-worker')
    .description(
      'run one GPU worker here until Ctrl-C, SIGTERM or a preemption notice; it is started again when it crashes',
    )
    .option('--address <host:port>', 'the Temporal service (default: TEMPORAL_* or the profile)')
    .option('--namespace <name>', 'its namespace (default: TEMPORAL_NAMESPACE or the profile, else default)')
    .option('--store <where>', 'a folder, or s3://bucket/prefix (default: LAMDAGENT_STORE)', (text) =>
      storeOf(process.cwd(), text),
    )
    .option('--cache <folder>', "this machine's copies of an S3 store (default: LAMDAGENT_CACHE)", (text) =>
      resolve(text),
    )
    .addOption(
      new Option('--device <name>', 'where to compute (default: LAMDAGENT_DEVICE)').choices([
        'auto',
        'cuda',
        'mps',
        'cpu',
      ]),
    )
    .option(
      '--per-stage <devices>',
      "how many of this machine's devices one training runs on (default: 1)",
      numberOfDevices,
    )
    .option('--queue <name>', 'task queue to poll (default: lamdagent-gpu)')
    .addOption(
      new Option('--spot <provider>', 'whose preemption notices to watch for (default: off)').choices([
        ...['off', 'aws', 'gcp', 'azure', 'auto'],
      ]),
    )
    .option(
      '--metadata-address <host:port>',
      'where to ask for notices (default: LAMDAGENT_METADATA_ADDRESS or 169.254.169.254)',
    )
    .option(
      '--notice <seconds>',
      'from SIGTERM, or a notice that names no time, to the end (default: 30)',
      noticeSeconds,
    )
    .addHelpText('after', EXAMPLE)
    .action((options: GpuWorkerOptions) => run((context) => gpuWorker(context, options)));
}

/** The worker's own exit code. It keeps no record of processes: the worker ends when this process is gone. */
async function gpuWorker({ env, terminal }: Context, options: GpuWorkerOptions): Promise<number> {
  const interrupt = listenForInterrupt();
  const keeper = createKeeper({
    record: { add: () => undefined, remove: () => undefined },
    say: (line) => {
      terminal.say(line);
    },
  });
  const worker = keeper.keep(foregroundGpuWorker(env, options));
  try {
    await Promise.race([interrupt.pressed, worker.finished, keeper.failed]);
  } finally {
    await keeper.stop(interrupt.hurry);
  }
  return worker.exitCode() ?? EXIT.failed;
}

function numberOfDevices(text: string): number {
  const devices = Number(text);
  if (Number.isInteger(devices) && devices >= 1 && devices <= 64) return devices;
  throw new InvalidArgumentError(`expected a whole number from 1 to 64, got ${text}.`);
}

function noticeSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 2 && seconds <= 120) return seconds;
  throw new InvalidArgumentError(`expected a number of seconds from 2 to 120, got ${text}.`);
}
