import { InvalidArgumentError, Option, type Command } from 'commander';
import { DEVICES } from '../../workers/env.js';
import { parseDevices } from '../../workers/devices.js';
import { foregroundGpuWorkers, type GpuWorkerOptions } from '../../workers/gpuWorker.js';
import type { Context, Run } from '../context.js';
import { runInForeground } from '../foreground.js';
import { withWorkerOptions } from '../workerOptions.js';
import { wholeNumber } from '../numbers.js';

/** Workers of one machine, and devices of one worker. */
const MOST = 64;
const EXAMPLE = `
Examples, on a spot machine of a fleet, and on a machine with four GPUs:
  npx lamdagent gpu-worker --address temporal.internal:7233 --store s3://bucket/lamdagent --spot auto
  npx lamdagent gpu-worker --devices 0,1,2,3 --gpu-class large`;

export function addGpuWorker(program: Command, run: Run): void {
  withWorkerOptions(
    program
      .command('gpu-worker')
      .description(
        'run GPU workers here until Ctrl-C, SIGTERM or a preemption notice; each is started again when it crashes',
      ),
  )
    .addOption(new Option('--device <name>', 'where to compute (default: LAMDAGENT_DEVICE)').choices(DEVICES))
    .option('--devices <list>', 'one worker for each of these GPUs: 0,1,2 or GPU-… or MIG-…', parseDevices)
    .option(
      '--count <n>',
      'so many workers, each with GPUs of its own where there are GPUs (default: 1)',
      fromOneTo(MOST),
    )
    .option(
      '--per-stage <devices>',
      'how many of these devices each worker trains on together (default: 1)',
      fromOneTo(MOST),
    )
    .addOption(
      new Option(
        '--shard <when>',
        'with --per-stage: each device holds a part of the model; auto: where it does not fit one (default: auto)',
      ).choices(['auto', 'always', 'never']),
    )
    .option('--queue <name>', 'task queue to poll (default: lamdagent-gpu)')
    .option('--gpu-class <name>', 'class of machine, as specs name it; its queue is polled (docs/devices.md)')
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
    .action((options: GpuWorkerOptions) => run((context) => gpuWorkers(context, options)));
}

/** The workers' own exit code, the worst of them. */
function gpuWorkers({ env, terminal }: Context, options: GpuWorkerOptions): Promise<number> {
  return runInForeground(foregroundGpuWorkers(env, options), terminal);
}

function fromOneTo(most: number) {
  return (text: string): number => {
    const count = wholeNumber(text);
    if (count >= 1 && count <= most) return count;
    throw new InvalidArgumentError(`expected a whole number from 1 to ${String(most)}, got ${text}.`);
  };
}

function noticeSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 2 && seconds <= 120) return seconds;
  throw new InvalidArgumentError(`expected a number of seconds from 2 to 120, got ${text}.`);
}
