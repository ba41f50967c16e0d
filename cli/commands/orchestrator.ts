import { resolve } from 'node:path';
import type { Command } from 'commander';
import { storeOf } from '../../workers/env.js';
import { foregroundOrchestrator, type OrchestratorOptions } from '../../workers/orchestrator.js';
import type { Run } from '../context.js';
import { example } from '../example.js';
import { runInForeground } from '../foreground.js';

export function addOrchestrator(program: Command, run: Run): void {
  program
    .command('orchestrator')
    .description('run an orchestrator here until Ctrl-C or SIGTERM; it is started again when it crashes')
    .option('--address <host:port>', 'the Temporal service (default: TEMPORAL_* or the profile)')
    .option('--namespace <name>', 'its namespace (default: TEMPORAL_NAMESPACE or the profile, else default)')
    .option('--store <where>', 'a folder, or s3://bucket/prefix (default: LAMDAGENT_STORE)', (text) =>
      storeOf(process.cwd(), text),
    )
    .option('--cache <folder>', "this machine's copies of an S3 store (default: LAMDAGENT_CACHE)", (text) =>
      resolve(text),
    )
    .addHelpText(
      'after',
      example('orchestrator --address temporal.internal:7233 --store s3://bucket/lamdagent'),
    )
    .action((options: OrchestratorOptions) =>
      run(({ env, terminal }) => runInForeground([foregroundOrchestrator(env, options)], terminal)),
    );
}
