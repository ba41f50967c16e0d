/** The shapes that a history of a release can have: what `record.ts` runs, one small exploration each. */
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServiceActivities } from '../activities/service/service.js';
import { classNames } from '../domain/gpuClass.js';
import type { Plan } from '../domain/plan.js';
import { identify } from '../domain/stage.js';
import { gpuQueue, QUEUES, SEARCH_ATTRIBUTES } from '../workflows/contract.js';
import type { StatusAnswer } from '../workflows/messages.js';
import { makeCurrent, startBuild } from './builds.js';
import { createDoubles, type Doubles } from './doubles.js';
import { until as within } from './kill/until.js';
import { workflowBundle } from './harness.js';

/** One exploration while it runs. */
export interface Running {
  readonly server: TestWorkflowEnvironment;
  readonly doubles: Doubles;
  readonly handle: WorkflowHandle;
  /** Lets the gated trial go on. */
  open(): void;
  /** Resolves when the exploration's status holds. */
  until(holds: (status: StatusAnswer) => boolean): Promise<StatusAnswer>;
}

/** A history to keep: the file's name, the workflow, and of several runs which. */
export interface Recorded {
  readonly name: string;
  readonly workflowId: string;
  readonly runId?: string;
}

export interface Shape {
  readonly plan: Partial<Plan>;
  /** Knows the search attributes, so that they are written. */
  readonly indexed?: boolean;
  /** Asks the real service which workflows are closed, as the watchdog does. */
  readonly watched?: boolean;
  /** Begins on build v1 of a versioned deployment. */
  readonly versioned?: boolean;
  /** Needs a server that suggests continue-as-new early. */
  readonly eager?: boolean;
  /** The trial whose build waits until `open` is called. */
  readonly gated?: number;
  /** Sets the stage before the start. */
  readonly before?: (doubles: Doubles) => void;
  /** What people do meanwhile; returns the histories to keep. */
  readonly run: (running: Running) => Promise<readonly Recorded[]>;
}

const named = (name: string, workflowId: string): Recorded => ({ name, workflowId });
const childOf = (handle: WorkflowHandle, doubles: Doubles, trial: number): string => {
  const stageId = doubles.stageOf(trial);
  return `${handle.workflowId}/t${String(trial).padStart(4, '0')}-${stageId.slice(0, 8)}`;
};

/** Ends however it ends: the history of a failed exploration is a shape too. */
const ended = async (handle: WorkflowHandle): Promise<void> => {
  await handle.result().catch(() => null);
};

/** By the exploration's name. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  plain: {
    plan: {},
    run: async ({ handle, doubles }) => {
      await ended(handle);
      return [named('explore', handle.workflowId), named('pipeline', childOf(handle, doubles, 2))];
    },
  },
  continued: {
    eager: true,
    plan: { parallel: 3, budget: { trials: 9, gpuSeconds: null, wallClockSeconds: null } },
    before: (doubles) => {
      for (let trial = 1; trial < 11; trial += 1) doubles.gates.set(trial, sleep(150 * trial));
    },
    run: async ({ server, handle }) => {
      const first = (await handle.describe()).runId;
      await ended(handle);
      const last = (await server.client.workflow.getHandle(handle.workflowId).describe()).runId;
      if (first === last) throw new Error('continued: expected a second run, got one alone');
      return [
        { ...named('continuedFrom', handle.workflowId), runId: first },
        { ...named('continuedTo', handle.workflowId), runId: last },
      ];
    },
  },
  paused: {
    plan: {},
    gated: 1,
    run: async ({ handle, until, open }) => {
      await until(({ trials }) => trials.running === 1 && trials.completed === 1);
      await handle.executeUpdate('pause', { args: [{ reason: 'lunch' }] });
      await handle.executeUpdate('pause', { args: [{}] }).catch(() => null);
      open();
      await until(({ trials }) => trials.completed === 2);
      await handle.executeUpdate('resume');
      await ended(handle);
      return [named('paused', handle.workflowId)];
    },
  },
  stopped: {
    plan: { parallel: 2 },
    before: (doubles) => {
      for (const trial of [2, 3]) doubles.gates.set(trial, new Promise(() => undefined));
    },
    run: async ({ handle, doubles, until }) => {
      await until(({ trials }) => trials.completed === 2 && trials.running === 2);
      await handle.executeUpdate('stop', { args: [{ reason: 'enough' }] });
      await ended(handle);
      while (doubles.ended.length < 2) await sleep(50);
      return [named('stopped', handle.workflowId), named('stoppedTrial', childOf(handle, doubles, 2))];
    },
  },
  failures: {
    plan: {},
    before: (doubles) => doubles.failures.set(2, 'rejected').set(3, 'throws'),
    run: async ({ handle, doubles }) => {
      await ended(handle);
      return [
        named('failures', handle.workflowId),
        named('rejectedTrial', childOf(handle, doubles, 2)),
        named('crashedTrial', childOf(handle, doubles, 3)),
      ];
    },
  },
  unscored: {
    plan: {},
    before: (doubles) => doubles.failures.set(0, 'throws'),
    run: async ({ handle }) => {
      await ended(handle);
      return [named('unscored', handle.workflowId)];
    },
  },
  cancelled: {
    plan: {},
    gated: 2,
    run: async ({ handle, doubles, until }) => {
      await until(({ trials }) => trials.completed === 2 && trials.running === 1);
      await within('the build of t0002', 30, () => doubles.begun.includes(2));
      await handle.cancel();
      await ended(handle);
      await within('its cancellation', 30, () => doubles.ended.includes('cancelled 2'));
      return [named('cancelled', handle.workflowId)];
    },
  },
  indexed: {
    indexed: true,
    plan: {},
    run: async ({ handle, doubles }) => {
      await ended(handle);
      return [
        named('indexed', handle.workflowId),
        named('indexedTrial', childOf(handle, doubles, 2)),
        named('indexedFinal', `${handle.workflowId}/confirm-t0000`),
      ];
    },
  },
  restarted: {
    watched: true,
    plan: {},
    gated: 2,
    run: async ({ server, handle, doubles, until, open }) => {
      const victim = (await until(({ inFlight }) => inFlight[0]?.proposed.trial === 2)).inFlight[0];
      await server.client.workflow.getHandle(victim?.workflowId ?? '').terminate('by hand');
      await until(({ inFlight }) => inFlight[0]?.restarts === 1);
      open();
      await ended(handle);
      return [named('restarted', handle.workflowId), named('restartedTrial', childOf(handle, doubles, 2))];
    },
  },
  upgraded: {
    versioned: true,
    plan: {},
    gated: 2,
    run: async ({ server, handle, doubles, until, open }) => {
      await until(({ inFlight }) => inFlight[0]?.proposed.trial === 2);
      const first = (await handle.describe()).runId;
      const { code } = await workflowBundle();
      const newer = await startBuild(server, doubles.activities, { buildId: 'v2', code });
      await makeCurrent(server, 'v2');
      open();
      await ended(handle);
      const last = (await server.client.workflow.getHandle(handle.workflowId).describe()).runId;
      if (first === last) throw new Error('upgraded: expected a second run, got one alone');
      await newer.stop();
      return [
        { ...named('upgradedFrom', handle.workflowId), runId: first },
        { ...named('upgradedTo', handle.workflowId), runId: last },
      ];
    },
  },
  consulted: {
    plan: { policy: 'tpe' },
    run: async ({ handle }) => {
      await ended(handle);
      return [named('consulted', handle.workflowId)];
    },
  },
  rungs: {
    plan: {
      ...{ fidelity: { rungs: [0.25, 0.5, 1], reduction: 2 }, constraints: [] },
      budget: { trials: 4, gpuSeconds: null, wallClockSeconds: null },
    },
    run: async ({ handle }) => {
      await ended(handle);
      return [named('rungs', handle.workflowId)];
    },
  },
  lastRungs: {
    plan: {
      ...{ fidelity: { rungs: [0.25, 0.5, 1], reduction: 2 }, constraints: [], parallel: 2 },
      budget: { trials: 3, gpuSeconds: null, wallClockSeconds: null },
    },
    run: async ({ handle }) => {
      await ended(handle);
      return [named('lastRungs', handle.workflowId)];
    },
  },
  scaled: {
    plan: {},
    run: async ({ server, handle }) => {
      await ended(handle);
      const workflowId = `${handle.workflowId}/scale-data-x2-top2`;
      const study = { args: [{ exploration: 'scaled', dataFraction: 2, top: 2 }], workflowId };
      await server.client.workflow.execute('scale', { ...study, taskQueue: QUEUES.orchestrator });
      return [named('scale', workflowId), named('scaleModel', `${workflowId}/t0002-scaled`)];
    },
  },
  classes: {
    plan: {
      workers: {
        classes: [
          { name: 'small', memoryBytes: 24e9, pricePerHour: 0.5 },
          { name: 'large', memoryBytes: 80e9, pricePerHour: 2 },
        ],
        actions: {},
      },
    },
    before: (doubles) => doubles.failures.set(2, 'outOfMemory'),
    run: async ({ handle, doubles }) => {
      await ended(handle);
      return [named('classes', handle.workflowId), named('classesTrial', childOf(handle, doubles, 2))];
    },
  },
  rebuilding: {
    plan: {},
    before: (doubles) => {
      const parent = (seed: string) =>
        identify({ kind: 'sft', recipeVersion: 1, inputs: {}, parameters: {}, seed });
      doubles.parents.set(3, [parent('7'), parent('8')]);
    },
    run: async ({ handle, doubles }) => {
      await ended(handle);
      return [named('rebuildingTrial', childOf(handle, doubles, 3))];
    },
  },
};

/** Runs one shape on the server and returns the histories to keep. */
export async function runShape(
  server: TestWorkflowEnvironment,
  name: string,
  shape: Shape,
): Promise<readonly Recorded[]> {
  const registered = shape.indexed === true ? Object.keys(SEARCH_ATTRIBUTES) : [];
  const doubles = createDoubles({ name, explorationId: `${name}-00000000`, ...shape.plan }, registered);
  shape.before?.(doubles);
  let open = (): void => undefined;
  if (shape.gated !== undefined) doubles.gates.set(shape.gated, new Promise((resolve) => (open = resolve)));
  const service = createServiceActivities({ client: server.client, warn: () => undefined });
  const watchdog = shape.watched === true ? { closedWorkflows: service.closedWorkflows } : {};
  const { nativeConnection: connection } = server;
  const queues = classNames(shape.plan.workers).map(gpuQueue);
  const gpus = await Promise.all(
    queues.map((taskQueue) => Worker.create({ connection, taskQueue, activities: doubles.gpu })),
  );
  const control = await Worker.create({
    connection,
    taskQueue: QUEUES.gpuControl,
    activities: doubles.control,
  });
  const { code } = await workflowBundle();
  const buildId = shape.versioned === true ? 'v1' : null;
  const orchestrator = await startBuild(server, { ...doubles.activities, ...watchdog }, { buildId, code });
  if (buildId !== null) await makeCurrent(server, buildId);
  const explored = async (): Promise<readonly Recorded[]> => {
    const workflowId = `explore/${name}`;
    const started = { args: [{}], taskQueue: QUEUES.orchestrator, workflowId };
    const handle = await server.client.workflow.start('explore', started);
    const until: Running['until'] = (holds) => statusUntil(server, workflowId, holds);
    return shape.run({ server, doubles, handle, open, until });
  };
  const recorded = await gpus.reduce<() => Promise<readonly Recorded[]>>(
    (inner, gpu) => () => gpu.runUntil(inner),
    () => control.runUntil(explored),
  )();
  await orchestrator.stop();
  return recorded;
}

async function statusUntil(
  server: TestWorkflowEnvironment,
  workflowId: string,
  holds: (status: StatusAnswer) => boolean,
): Promise<StatusAnswer> {
  const handle = server.client.workflow.getHandle(workflowId);
  for (;;) {
    const status = await handle.query<StatusAnswer | null>('status');
    if (status !== null && holds(status)) return status;
    await sleep(50);
  }
}
