/** Versioned orchestrators for tests: several builds of the workflows on one server. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { deploymentOptions } from '../workers/deployment.js';
import { QUEUES } from '../workflows/contract.js';

const TEMPORAL = join(import.meta.dirname, '../.venv/bin/temporal');
export const DEPLOYMENT = 'fleet';
// temporal.api.enums.v1.RoutingConfigUpdateState
const ROUTING_CONFIG_COMPLETED = 2;

/** What `temporal …` prints about this server. */
export async function temporal(server: TestWorkflowEnvironment, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(TEMPORAL, [...args, '--address', server.address]);
  return stdout;
}

/** The workflows with one visible, incompatible difference: `explore` sleeps a second before anything else. */
export async function sleepyBundle(): Promise<string> {
  const workflowsPath = join(import.meta.dirname, 'planted/explore.ts');
  return (await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') })).code;
}

/** A started orchestrator of one build; `stop` ends it. */
export async function startBuild(
  server: TestWorkflowEnvironment,
  activities: object,
  build: { readonly buildId: string | null; readonly code: string },
): Promise<{ stop(): Promise<void> }> {
  const { buildId, code } = build;
  const versioning = buildId === null ? {} : deploymentOptions({ deployment: DEPLOYMENT, buildId }, '');
  const worker = await Worker.create({
    connection: server.nativeConnection,
    taskQueue: QUEUES.orchestrator,
    workflowBundle: { code },
    activities,
    ...versioning,
  });
  const done = worker.run();
  return {
    stop: async () => {
      worker.shutdown();
      await done;
    },
  };
}

/** `temporal worker deployment set-current-version`, as soon as the build's worker has been seen; ends when every task queue knows. */
export async function makeCurrent(server: TestWorkflowEnvironment, buildId: string): Promise<void> {
  const version = ['--deployment-name', DEPLOYMENT, '--build-id', buildId];
  const isKnown = (): Promise<boolean> =>
    temporal(server, 'worker', 'deployment', 'describe-version', ...version).then(
      (text) => text.includes(QUEUES.orchestrator),
      () => false,
    );
  while (!(await isKnown())) await sleep(200);
  await temporal(server, 'worker', 'deployment', 'set-current-version', ...version, '--yes');
  while (!(await routingIsKnown(server))) await sleep(100);
}

/** Whether the deployment's current version has reached its task queues; until then they route by the old one. */
export async function routingIsKnown(server: TestWorkflowEnvironment): Promise<boolean> {
  const { workerDeploymentInfo } = await server.client.workflowService.describeWorkerDeployment({
    namespace: 'default',
    deploymentName: DEPLOYMENT,
  });
  return workerDeploymentInfo?.routingConfigUpdateState === ROUTING_CONFIG_COMPLETED;
}

/** The build that a workflow (its latest run unless the handle names one) last ran on; null: an unversioned one. */
export async function buildOf(handle: WorkflowHandle): Promise<string | null> {
  const { raw } = await handle.describe();
  return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? null;
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
