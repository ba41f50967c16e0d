import { resolve } from 'node:path';
import type { Command } from 'commander';
import { storeOf } from '../workers/env.js';

/** What every worker of a fleet is told: the service and the store that all share. */
export function withWorkerOptions(command: Command): Command {
  return command
    .option('--address <host:port>', 'the Temporal service (default: TEMPORAL_* or the profile)')
    .option('--namespace <name>', 'its namespace (default: TEMPORAL_NAMESPACE or the profile, else default)')
    .option('--store <where>', 'a folder, or s3://bucket/prefix (default: LAMDAGENT_STORE)', (text) =>
      storeOf(process.cwd(), text),
    )
    .option('--cache <folder>', "this machine's copies of an S3 store (default: LAMDAGENT_CACHE)", (text) =>
      resolve(text),
    );
}
