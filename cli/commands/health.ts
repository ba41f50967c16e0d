import { Argument, type Command } from 'commander';
import { connectTo, findService } from '../../workers/connect.js';
import { EXIT } from '../../workers/fault.js';
import { WORKER_KINDS, workersHere, type WorkerKind } from '../../workers/health.js';
import type { Context, Run } from '../context.js';
import { example } from '../example.js';

export function addHealth(program: Command, run: Run): void {
  program
    .command('health')
    .description('whether Temporal has lately heard of a worker on this machine; exit code 1: it has not')
    .addArgument(new Argument('<kind>', 'what kind of worker').choices(WORKER_KINDS))
    .option('--gpu-class <name>', 'with gpu-worker: the class of machine that it polls for')
    .addHelpText('after', example('health gpu-worker --gpu-class large'))
    .action((kind: WorkerKind, { gpuClass }: { gpuClass?: string }) =>
      run((context) => health(context, kind, gpuClass ?? null)),
    );
}

async function health(
  { env, terminal }: Context,
  kind: WorkerKind,
  gpuClass: string | null,
): Promise<number> {
  const service = await findService(env);
  const workers = await workersHere(await connectTo(service), kind, gpuClass);
  if (workers.length > 0) terminal.print(workers.join('\n'));
  else
    terminal.say(
      `${kind}: expected one of this machine that ${service.address} heard of in the last two minutes, got none. Is it running?`,
    );
  return workers.length > 0 ? EXIT.ok : EXIT.failed;
}
