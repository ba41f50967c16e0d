import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { ExplorationResult } from '../domain/result.js';
import type { ControlActivities } from '../workflows/activities.js';
import { QUEUES } from '../workflows/contract.js';
import type { StatusAnswer } from '../workflows/messages.js';
import { createDoubles, slateOf, type Doubles } from './doubles.js';
import { startOrchestrator, startServer } from './harness.js';

/** Policies that need the sampler: decide says what to ask, the control queue answers, decide decides. */
describe('a decision that consults the sampler', () => {
  let server: TestWorkflowEnvironment;
  let run = 0;

  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server.teardown();
  });

  /** One exploration of policy tpe; `control` null: no worker answers the control queue. */
  async function exploring(
    control: ((doubles: Doubles) => ControlActivities) | null,
    use: (doubles: Doubles, handle: WorkflowHandle) => Promise<void>,
  ): Promise<void> {
    run += 1;
    const name = `consulting${String(run)}`;
    const doubles = createDoubles({ name, explorationId: `${name}-00000000`, policy: 'tpe' });
    const connection = server.nativeConnection;
    const orchestrator = await startOrchestrator(server, doubles.activities);
    const gpu = await Worker.create({ connection, taskQueue: QUEUES.gpu, activities: doubles.gpu });
    const workers = [orchestrator, gpu];
    if (control !== null) {
      const activities = control(doubles);
      workers.push(await Worker.create({ connection, taskQueue: QUEUES.gpuControl, activities }));
    }
    const started = async (): Promise<void> => {
      const workflowId = `explore/${name}`;
      const options = { args: [{}], taskQueue: QUEUES.orchestrator, workflowId };
      await use(doubles, await server.client.workflow.start('explore', options));
    };
    await workers.reduce((inner, worker) => () => worker.runUntil(inner), started)();
  }

  it('is made with the slate of its own request, once for each trial', async () => {
    await exploring(
      (doubles) => doubles.control,
      async (doubles, handle) => {
        const result = (await handle.result()) as ExplorationResult;
        assert.equal(result.stoppedBecause, 'budget: 3 trials');
        const keys = doubles.consulted.map(({ requestKey }) => requestKey);
        assert.deepEqual(keys, ['request 0', 'request 1', 'request 2']);
        assert.deepEqual(doubles.slates, doubles.consulted.map(slateOf));
        assert.equal(doubles.rows.length, 5);
      },
    );
  });

  it('says in the timeline what it waits for, and ends with the exploration when a person stops it', async () => {
    await exploring(null, async (doubles, handle) => {
      const isWaiting = async (): Promise<boolean> => {
        const { raw } = await handle.describe();
        return (raw.pendingActivities ?? []).some(({ activityType }) => activityType?.name === 'suggest');
      };
      while (!(await isWaiting())) await new Promise((resolve) => setTimeout(resolve, 50));
      const history = await handle.fetchHistory();
      const scheduled = (history.events ?? []).find(
        (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'suggest',
      );
      const summary = Buffer.from(scheduled?.userMetadata?.summary?.data ?? []).toString();
      assert.match(summary, /suggestions for t0002: waits for a GPU worker/);
      assert.equal(scheduled?.activityTaskScheduledEventAttributes?.taskQueue?.name, QUEUES.gpuControl);

      await handle.executeUpdate('stop', { args: [{ reason: 'enough' }] });
      const result = (await handle.result()) as ExplorationResult;
      assert.equal(result.stoppedBecause, 'stopped: enough');
      assert.equal(doubles.rows.length, 2);
      const status = await handle.query<StatusAnswer>('status');
      assert.equal(status.trials.running, 0);
    });
  });

  it('goes on with an empty slate where the sampler can not answer', async () => {
    const failing: ControlActivities = {
      suggest: () => Promise.reject(ApplicationFailure.nonRetryable('planted', 'InvalidJob')),
    };
    await exploring(
      () => failing,
      async (doubles, handle) => {
        await handle.result();
        const nothing = { schemaVersion: 1, suggestions: [] };
        assert.deepEqual(doubles.slates, [nothing, nothing, nothing]);
        assert.equal(doubles.rows.length, 5);
      },
    );
  });
});
