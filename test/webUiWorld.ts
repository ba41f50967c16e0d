/** A small exploration on a real server with its real Web UI, held at a moment with something of everything in it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { ATTRIBUTE_NAMES, spelledType } from '../activities/service/attributes.js';
import { SpecSchema } from '../activities/spec/schema.js';
import { headOf } from '../cli/launch.js';
import type { ActionSpace, Plan } from '../domain/plan.js';
import { samplePlan } from '../domain/samples.js';
import { shortId } from '../domain/stage.js';
import { describeAction } from '../domain/stageOfAction.js';
import { trialName, type Action } from '../domain/trial.js';
import { freePort } from '../workers/ports.js';
import { QUEUES, WORKFLOW_TYPES, workflowIds } from '../workflows/contract.js';
import type { GpuActivities } from '../workflows/activities.js';
import type { StatusAnswer } from '../workflows/messages.js';
import { createDoubles, type Doubles } from './doubles.js';
import { startOrchestrator, temporalProgram } from './harness.js';

export const NAME = 'quickstart';
/** Trial 5 fails by its data; trial 6 trains until it is let go. */
export const [FAILED, RUNNING] = [5, 6] as const;
export const REJECTED =
  'dataset terse, row 12: expected a chosen and a rejected answer that differ, got equal ones. Remove the row.';

export interface WebUiWorld {
  readonly server: TestWorkflowEnvironment;
  readonly handle: WorkflowHandle;
  /** The address of a page of the Web UI; `page`: of a workflow, such as `timeline`. */
  listUrl(query: string): string;
  pageUrl(workflowId: string, page: string): Promise<string>;
  trialId(trial: number): string;
  /** Lets the held trial go on; resolves when the exploration has ended. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

const DPO: ActionSpace = {
  kind: 'dpo',
  parameters: {
    beta: { kind: 'choices', values: [0.1, 0.5] },
    learningRate: { kind: 'choices', values: [5e-6] },
    steps: { kind: 'choices', values: [100] },
  },
  datasets: ['terse'],
  maxDatasets: 1,
  maxModels: 1,
};
const PLAN: Partial<Plan> = {
  name: NAME,
  explorationId: `${NAME}-0a1b2c3d`,
  policy: 'evolution',
  actions: [...samplePlan().actions, DPO],
  budget: { trials: 5, gpuSeconds: 3600, wallClockSeconds: null },
};
const SPEC = SpecSchema.parse({
  name: NAME,
  models: { base: { path: 'model' } },
  datasets: Object.fromEntries(
    ['alpha', 'beta', 'terse'].map((name) => [name, { path: `data/${name}.jsonl` }]),
  ),
  actions: { sft: {}, dpo: {}, merge: {} },
  benchmarks: Object.fromEntries(
    ['skill', 'guard'].map((name) => [name, { path: `benchmarks/${name}`, metric: 'exactMatch' }]),
  ),
  objective: { constraints: [{ benchmark: 'guard', atLeast: 'base - 0.02' }] },
  policy: 'evolution',
  budget: { trials: 5 },
});

/** A server with its Web UI; everything else when the exploration has come to its held trial. */
export async function startWebUiWorld(): Promise<WebUiWorld> {
  const uiPort = await freePort();
  const extraArgs = ATTRIBUTE_NAMES.flatMap((name) => ['--search-attribute', `${name}=${spelledType(name)}`]);
  const server = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: temporalProgram() }, ui: true, uiPort, extraArgs },
  });
  let open = (): void => undefined;
  const doubles = scripted();
  doubles.failures.set(FAILED, 'rejected');
  doubles.gates.set(RUNNING, new Promise((resolve) => (open = resolve)));
  const stop = await startWorkers(server, doubles);
  const handle = await server.client.workflow.start(WORKFLOW_TYPES.explore, {
    args: [{ name: NAME }],
    taskQueue: QUEUES.orchestrator,
    workflowId: workflowIds.exploration(NAME),
    ...headOf(SPEC),
  });
  await untilHeld(handle);
  const workflows = `http://127.0.0.1:${String(uiPort)}/namespaces/default/workflows`;
  return {
    server,
    handle,
    listUrl: (query) => `${workflows}?query=${encodeURIComponent(query)}`,
    pageUrl: async (workflowId, page) => {
      const { runId } = await server.client.workflow.getHandle(workflowId).describe();
      return `${workflows}/${encodeURIComponent(workflowId)}/${runId}/${page}`;
    },
    trialId: (trial) => workflowIds.trial(NAME, trialName(trial), shortId(doubles.stageOf(trial))),
    finish: async () => {
      open();
      await handle.result();
    },
    close: async () => {
      open();
      await handle.result().catch(() => null);
      await stop();
      await server.teardown();
    },
  };
}

/** SFT, DPO on it, a merge of both, DPO on the merge (which fails), SFT on the merge (which is held). */
function scripted(): Doubles {
  const plan = samplePlan(PLAN);
  const of = (trial: number): string => doubles.stageOf(trial);
  const dpo = { learningRate: 5e-6, steps: 100 };
  const sft = { learningRate: 1e-4, steps: 10 };
  const actions: Readonly<Record<number, () => Action>> = {
    2: () => ({ kind: 'sft', models: [of(0)], datasets: ['alpha'], parameters: sft }),
    3: () => ({ kind: 'dpo', models: [of(2)], datasets: ['terse'], parameters: { beta: 0.1, ...dpo } }),
    4: () => ({ kind: 'merge', models: [of(2), of(3)], datasets: [], parameters: { method: 'linear' } }),
    5: () => ({ kind: 'dpo', models: [of(4)], datasets: ['terse'], parameters: { beta: 0.5, ...dpo } }),
    6: () => ({ kind: 'sft', models: [of(4)], datasets: ['alpha', 'beta'], parameters: sft }),
  };
  const nameOf = (stageId: string): string => {
    const trial = [2, 3, 4, 5, 6].find((one) => of(one) === stageId);
    return trial === undefined ? 'base' : trialName(trial);
  };
  const doubles: Doubles = createDoubles(PLAN, ATTRIBUTE_NAMES, {
    action: (trial) => {
      const action = actions[trial]?.();
      if (action === undefined)
        throw new Error(`trial ${String(trial)}: expected one of the script, got none`);
      return action;
    },
    label: (trial, action) =>
      action === null
        ? (['base', 'sft on base: alpha, beta'][trial] ?? '')
        : describeAction(plan, action, nameOf),
  });
  return doubles;
}

async function startWorkers(server: TestWorkflowEnvironment, doubles: Doubles): Promise<() => Promise<void>> {
  const gpu: GpuActivities = {
    ...doubles.gpu,
    build: async (job) => {
      const outcome = await doubles.gpu.build(job);
      return outcome.status === 'rejected' ? { ...outcome, message: REJECTED } : outcome;
    },
  };
  const workers = [
    await startOrchestrator(server, doubles.activities),
    await Worker.create({ connection: server.nativeConnection, taskQueue: QUEUES.gpu, activities: gpu }),
  ];
  const runs = workers.map((worker) => worker.run());
  return async () => {
    for (const worker of workers) worker.shutdown();
    await Promise.all(runs);
  };
}

async function untilHeld(handle: WorkflowHandle): Promise<void> {
  for (;;) {
    const status = await handle.query<StatusAnswer | null>('status');
    if (status?.inFlight.some(({ proposed }) => proposed.trial === RUNNING) === true) return;
    await sleep(100);
  }
}
