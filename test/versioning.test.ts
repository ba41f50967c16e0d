import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { QUEUES } from '../workflows/contract.js';
import type { StatusAnswer } from '../workflows/messages.js';
import {
  buildOf,
  DEPLOYMENT,
  makeCurrent,
  routingIsKnown,
  sha256,
  sleepyBundle,
  startBuild,
  temporal,
} from './builds.js';
import { createDoubles, type Doubles } from './doubles.js';
import { startServer, withFolder, workflowBundle } from './harness.js';

// temporal.api.enums.v1.EventType
const ACTIVITY_SCHEDULED = 10;
const TIMER_STARTED = 17;
const TASK_FAILED = 8;
const TASK_TIMED_OUT = 9;

/** The commands on deployments that docs/upgrades.md shows, in its order. */
function documentedCommands(): readonly string[] {
  const text = readFileSync(join(import.meta.dirname, '../docs/upgrades.md'), 'utf8');
  return [...text.matchAll(/^ *(temporal worker deployment .+)$/gm)].map(([, command]) => command ?? '');
}

describe('worker versioning', function () {
  this.timeout(240_000);
  let server: TestWorkflowEnvironment;
  let stopAll: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    server = await startServer();
    stopAll = [];
  });
  afterEach(async () => {
    await Promise.all(stopAll.map((stop) => stop()));
    await server.teardown();
  });

  /** An exploration `name` whose trial 2 waits for `open`. The GPU worker is never versioned. */
  async function begin(name: string): Promise<{ readonly doubles: Doubles; open: () => void }> {
    const doubles = createDoubles({ name, explorationId: `${name}-00000000` });
    let open = (): void => undefined;
    doubles.gates.set(2, new Promise((resolve) => (open = resolve)));
    const { nativeConnection: connection } = server;
    const gpu = await Worker.create({ connection, taskQueue: QUEUES.gpu, activities: doubles.gpu });
    const done = gpu.run();
    stopAll.push(async () => {
      gpu.shutdown();
      await done;
    });
    return { doubles, open: () => open() };
  }

  async function orchestrator(doubles: Doubles, buildId: string | null, code: string): Promise<void> {
    const { stop } = await startBuild(server, doubles.activities, { buildId, code });
    stopAll.push(stop);
  }

  /** Starts the exploration; resolves with its first run when trial 2 is in flight. */
  async function startUntilGate(name: string): Promise<WorkflowHandle> {
    const workflowId = `explore/${name}`;
    const started = { args: [{}], taskQueue: QUEUES.orchestrator, workflowId };
    const { firstExecutionRunId } = await server.client.workflow.start('explore', started);
    await untilTrial(name, 2);
    return server.client.workflow.getHandle(workflowId, firstExecutionRunId);
  }

  async function untilTrial(name: string, trial: number): Promise<WorkflowHandle> {
    const handle = server.client.workflow.getHandle(`explore/${name}`);
    const inFlight = async () => (await handle.query<StatusAnswer | null>('status'))?.inFlight[0];
    while ((await inFlight())?.proposed.trial !== trial) await sleep(50);
    return handle;
  }

  async function eventTypes(handle: WorkflowHandle): Promise<readonly number[]> {
    const { events } = await handle.fetchHistory();
    return (events ?? []).map(({ eventType }) => Number(eventType));
  }

  /** What the workflow's code did first: an activity, or the other build's timer. */
  async function firstDeed(handle: WorkflowHandle): Promise<number | undefined> {
    return (await eventTypes(handle)).find((type) => [ACTIVITY_SCHEDULED, TIMER_STARTED].includes(type));
  }

  /** The builds of all workflows, by id; fails when any workflow task failed anywhere. */
  async function buildsWithoutFailures(): Promise<Readonly<Record<string, string | null>>> {
    const builds: Record<string, string | null> = {};
    for await (const { workflowId, runId } of server.client.workflow.list()) {
      const types = await eventTypes(server.client.workflow.getHandle(workflowId, runId));
      assert.ok(!types.includes(TASK_FAILED), `${workflowId}: a workflow task failed`);
      assert.ok(!types.includes(TASK_TIMED_OUT), `${workflowId}: a workflow task timed out`);
      builds[workflowId.replace(/-[0-9a-f]{8}$/, '')] = await buildOf(
        server.client.workflow.getHandle(workflowId),
      );
    }
    return builds;
  }

  it('keeps an exploration and its trials on their build until it continues as new; no workflow task fails', async () => {
    const { doubles, open } = await begin('fleet');
    await orchestrator(doubles, 'v1', (await workflowBundle()).code);
    await makeCurrent(server, 'v1');
    const first = await startUntilGate('fleet');
    await orchestrator(doubles, 'v2', await sleepyBundle());
    await makeCurrent(server, 'v2');
    // A query is answered by a build that can replay the history: the old one.
    const latest = server.client.workflow.getHandle('explore/fleet');
    assert.equal((await latest.query<StatusAnswer>('status')).inFlight[0]?.proposed.trial, 2);
    assert.equal(await buildOf(latest), 'v1');
    open();
    await first.result();

    assert.deepEqual(
      [await firstDeed(first), await firstDeed(latest)],
      [ACTIVITY_SCHEDULED, TIMER_STARTED],
      'the first run has the old code, the last one the new',
    );
    const builds = await buildsWithoutFailures();
    assert.equal(builds['explore/fleet'], 'v2');
    assert.equal(builds['explore/fleet/t0002'], 'v1', 'a trial ends on the build it began on');
    assert.equal(builds['explore/fleet/t0004'], 'v2');
    assert.deepEqual(
      doubles.rows.map(({ sequence, trial, status }) => [sequence, trial, status]),
      [0, 1, 2, 3, 4].map((trial) => [trial, trial, 'completed']),
    );
    assert.equal(new Set(doubles.built).size, doubles.built.length, 'a stage was built twice');
  });

  it('takes over an exploration that was begun without versioning, and gives it back', async () => {
    const { doubles, open } = await begin('plain');
    let openNext = (): void => undefined;
    doubles.gates.set(3, new Promise((resolve) => (openNext = resolve)));
    const { code } = await workflowBundle();
    await orchestrator(doubles, null, code);
    await startUntilGate('plain');
    await orchestrator(doubles, 'v1', code);
    await makeCurrent(server, 'v1');
    open();
    const handle = await untilTrial('plain', 3);
    assert.equal(await buildOf(handle), 'v1');
    const back = ['--deployment-name', DEPLOYMENT, '--unversioned', '--yes'];
    await temporal(server, 'worker', 'deployment', 'set-current-version', ...back);
    while (!(await routingIsKnown(server))) await sleep(100);
    openNext();
    await handle.result();
    const builds = await buildsWithoutFailures();
    assert.equal(builds['explore/plain'], null);
    assert.equal(builds['explore/plain/t0003'], 'v1');
    assert.equal(builds['explore/plain/confirm-t0000'], null);
    assert.deepEqual(
      doubles.rows.map(({ trial, status }) => [trial, status]),
      [0, 1, 2, 3, 4].map((trial) => [trial, 'completed']),
    );
  });

  it('is what the orchestrator process does when LAMDAGENT_DEPLOYMENT is set: its build id is the hash of its workflows', async () => {
    await withFolder(async (folder) => {
      const root = join(import.meta.dirname, '..');
      const child = spawn(
        process.execPath,
        [join(root, 'dist/workers/orchestrator.js'), '--address', server.address],
        {
          env: { ...process.env, LAMDAGENT_DEPLOYMENT: DEPLOYMENT, LAMDAGENT_HOME: folder },
          stdio: 'ignore',
        },
      );
      const gone = once(child, 'exit');
      const buildId = sha256(readFileSync(join(root, 'dist/workflow-bundle.js'), 'utf8')).slice(0, 16);
      await makeCurrent(server, buildId);
      const shown = await temporal(server, 'worker', 'deployment', 'describe', '--name', DEPLOYMENT);
      assert.match(shown, new RegExp(`CurrentVersionBuildID\\s+${buildId}`));
      const commands = documentedCommands();
      assert.equal(commands.length, 4);
      for (const command of commands)
        await temporal(server, ...command.replace('"$BUILD"', buildId).split(' ').slice(1));
      child.kill('SIGTERM');
      await gone;
    });
  });
});
