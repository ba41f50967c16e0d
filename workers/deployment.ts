import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { WorkerDeploymentOptions } from '@temporalio/worker';
import type { Environment } from './env.js';
import { EXIT, UserFault } from './fault.js';

/** Temporal joins both with a dot, so a name holds none. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;
const BUILD_ID = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const HASH_DIGITS = 16;

/**
 * Temporal's worker versioning, off unless LAMDAGENT_DEPLOYMENT names a deployment. Explorations and trials are PINNED:
 * they stay on the build that they began on, and an exploration moves to a newer one at a continue-as-new.
 */
export function deploymentOptions(
  env: Pick<Environment, 'deployment' | 'buildId'>,
  bundleFile: string,
): { readonly workerDeploymentOptions?: WorkerDeploymentOptions } {
  const { deployment, buildId } = env;
  if (deployment === null && buildId === null) return {};
  if (deployment === null) throw misused('LAMDAGENT_BUILD_ID', 'LAMDAGENT_DEPLOYMENT beside it', 'none');
  if (!NAME.test(deployment))
    throw misused('LAMDAGENT_DEPLOYMENT', 'a name of letters, digits, "-" and "_"', deployment);
  if (buildId !== null && !BUILD_ID.test(buildId))
    throw misused('LAMDAGENT_BUILD_ID', 'letters, digits, ".", "-" and "_"', buildId);
  return {
    workerDeploymentOptions: {
      version: { deploymentName: deployment, buildId: buildId ?? hashOf(bundleFile) },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'PINNED',
    },
  };
}

/** Equal sources give an equal bundle, so this is the same on every machine. */
function hashOf(bundleFile: string): string {
  return createHash('sha256').update(readFileSync(bundleFile)).digest('hex').slice(0, HASH_DIGITS);
}

function misused(variable: string, rule: string, value: string): UserFault {
  return new UserFault(`${variable}: expected ${rule}, got ${value}. See docs/upgrades.md.`, EXIT.usage);
}
