import type { Command } from 'commander';
import { foregroundOrchestrator, type OrchestratorOptions } from '../../workers/orchestrator.js';
import type { Run } from '../context.js';
import { example } from '../example.js';
import { runInForeground } from '../foreground.js';
import { withWorkerOptions } from '../workerOptions.js';

export function addOrchestrator(program: Command, run: Run): void {
  withWorkerOptions(
    program
      .command('orchestrator')
      .description('run an orchestrator here until Ctrl-C or SIGTERM; it is started again when it crashes'),
  )
    .addHelpText(
      'after',
      example('orchestrator --address temporal.internal:7233 --store s3://bucket/lamdagent'),
    )
    .action((options: OrchestratorOptions) =>
      run(({ env, terminal }) => runInForeground([foregroundOrchestrator(env, options)], terminal)),
    );
}
