import type { Command } from 'commander';
import { EXIT } from '../../workers/fault.js';
import { startInstallation } from '../../workers/installation.js';
import { QUEUES } from '../../workflows/contract.js';
import type { Context, Run } from '../context.js';
import { example } from '../example.js';
import { listenForInterrupt } from '../interrupt.js';

export function addUp(program: Command, run: Run): void {
  program
    .command('up')
    .description('run the Temporal server and the workers here until Ctrl-C; the state is kept')
    .addHelpText('after', example('up'))
    .action(() => run(up));
}

async function up({ env, terminal }: Context): Promise<number> {
  const interrupt = listenForInterrupt();
  const say = (line: string): void => {
    terminal.say(line);
  };
  const installation = await startInstallation({ env, say, signal: interrupt.signal });
  try {
    const { address } = installation.service;
    say(`Temporal Web UI: ${installation.webUi}`);
    say(`Temporal service: ${address}; state: ${env.home}`);
    say(
      'Start an exploration in another terminal with `npx lamdagent start SPEC.yaml --follow`, or with a plain JSON spec:',
    );
    say(
      `  temporal workflow start --address ${address} --task-queue ${QUEUES.orchestrator} --type explore ` +
        '--workflow-id explore/NAME --input-file SPEC.json',
    );
    say('Ctrl-C stops.');
    await Promise.race([interrupt.pressed, installation.failed]);
    return EXIT.ok;
  } finally {
    say('stopping: the GPU worker writes a checkpoint (Ctrl-C again: at once)');
    await installation.stop(interrupt.hurry);
    say('stopped. `npx lamdagent up` goes on from here.');
  }
}
