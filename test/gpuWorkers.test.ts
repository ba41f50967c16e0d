import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createLedgerActivities } from '../activities/ledger/activities.js';
import { createPrepare } from '../activities/spec/prepare.js';
import { createFolderStore } from '../activities/store/folder.js';
import { putRecipes } from '../activities/store/recipes.js';
import type { Plan } from '../domain/plan.js';
import { identify, type IdentifiedStage } from '../domain/stage.js';
import { stageOfAction } from '../domain/stageOfAction.js';
import type { TrialResult } from '../domain/trial.js';
import { usualParameters } from '../domain/usualParameters.js';
import { polledClasses } from '../workers/pollers.js';
import { QUEUES, WORKFLOW_TYPES } from '../workflows/contract.js';
import type { PipelineInput } from '../workflows/pipeline.js';
import { startOrchestrator, startServer, withFolder } from './harness.js';
import { until } from './kill/until.js';

const root = join(import.meta.dirname, '..');
const example = join(root, 'examples/quickstart');
const SPEC = {
  name: 'two-workers',
  models: { base: { path: join(example, 'model') } },
  datasets: { number: { path: join(example, 'data/number.jsonl') } },
  actions: { sft: { parameters: { steps: 40, batchSize: 8, maxLength: 64, learningRate: [1e-4, 2e-4] } } },
  benchmarks: { number: { path: join(example, 'benchmarks/number') } },
  workers: { classes: { small: { memory: '1GB', pricePerHour: 1 }, large: { memory: '80GB' } } },
};

describe('two GPU workers on one host, on the CPU', function () {
  this.timeout(300_000);
  let server: TestWorkflowEnvironment;
  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server.teardown();
  });

  it('run two stages at a time on the queue of their class, and the service has heard of both', async () => {
    await withFolder(async (folder) => {
      const store = createFolderStore(join(folder, 'store'));
      const prepare = createPrepare({ store, root });
      const { plan } = await prepare({ spec: SPEC, workflowId: 'explore/two-workers', firstRunId: 'run' });
      const stages = [1e-4, 2e-4].map((learningRate) => trainingOf(plan, learningRate));
      await putRecipes(store, stages);
      const workers = await startWorkers(folder);
      const orchestrator = await startOrchestrator(server, createLedgerActivities({ store }));
      const results = await orchestrator.runUntil(() => Promise.all(stages.map((one) => built(plan, one))));
      // The service hears of a worker by its polls, which may be a minute apart.
      const polled = await until('both workers among those that poll', 180, async () => {
        const [small] = await polledClasses(server.client, ['small']);
        return small !== undefined && small.workers.length > 1 ? small : null;
      });
      const gone = once(workers, 'exit');
      workers.kill('SIGTERM');
      assert.deepEqual(await gone, [0, null]);

      const attempts = results.flatMap((one) => one.stages.flatMap((stage) => stage.attempts));
      assert.deepEqual(
        attempts.map(({ gpuClass, device, end }) => [gpuClass, device, end]),
        [
          ['small', 'cpu', 'completed'],
          ['small', 'cpu', 'completed'],
        ],
      );
      const [first, second] = attempts;
      assert.ok(first && second);
      assert.notEqual(first.worker, second.worker);
      assert.ok(first.startedAt < second.endedAt && second.startedAt < first.endedAt, 'at the same time');
      assert.deepEqual(polled.workers, [first, second].map(({ worker }) => `${worker} (cpu)`).sort());
    });
  });

  function trainingOf(plan: Plan, learningRate: number): IdentifiedStage {
    const [space] = plan.actions;
    const [base] = plan.models;
    assert.ok(space && base);
    const parameters = usualParameters(space, { learningRate });
    return identify(
      stageOfAction(plan, { kind: 'sft', models: [base.stageId], datasets: ['number'], parameters }),
    );
  }

  async function built(plan: Plan, { stageId }: IdentifiedStage): Promise<TrialResult> {
    assert.ok(plan.workers);
    const proposed = {
      trial: 2,
      origin: 'proposed',
      decision: null,
      action: null,
      stageId,
      label: 'sft',
    } as const;
    const input: PipelineInput = {
      ...{
        explorationId: plan.explorationId,
        proposed,
        evaluations: {},
        reportTo: null,
        workers: plan.workers,
      },
      options: { checkpointSeconds: 30, maxStalledAttempts: 3 },
      requester: `${plan.explorationId}/${stageId}`,
    };
    const options = { args: [input], taskQueue: QUEUES.orchestrator, workflowId: `pipeline/${stageId}` };
    return (await server.client.workflow.execute(WORKFLOW_TYPES.pipeline, options)) as TrialResult;
  }

  /** `lamdagent gpu-worker --count 2`, once both are ready. */
  async function startWorkers(folder: string): Promise<ChildProcess> {
    const workers = spawn(
      process.execPath,
      [
        ...[join(root, 'bin/lamdagent.mjs'), 'gpu-worker', '--device', 'cpu', '--count', '2'],
        ...['--gpu-class', 'small', '--address', server.address, '--namespace', 'default'],
        ...['--store', join(folder, 'store'), '--cache', join(folder, 'cache')],
      ],
      {
        env: { ...process.env, LAMDAGENT_HOME: folder, LAMDAGENT_VENV: join(root, '.venv') },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let said = '';
    await new Promise<void>((resolve, reject) => {
      workers.once('exit', () => {
        reject(new Error(`the workers: expected two to be ready, got ${said}`));
      });
      workers.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.match(/^ready device=cpu queue=lamdagent-gpu-small /gm)?.length === 2) resolve();
      });
    });
    return workers;
  }
});
