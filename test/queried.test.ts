import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { QUEUES } from '../workflows/contract.js';
import { createDoubles } from './doubles.js';
import { startOrchestrator, startServer } from './harness.js';
import { replayFaults } from './replayed.js';

/** A query that comes while a workflow task runs is answered with it, so it may not change what the task does. */
describe('an exploration that is asked all the time', function () {
  this.timeout(240_000);
  let server: TestWorkflowEnvironment;

  before(async () => {
    server = await startServer(['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=150']);
  });
  after(async () => {
    await server.teardown();
  });

  it('can be replayed from the history of each of its runs', async () => {
    const budget = { trials: 60, gpuSeconds: null, wallClockSeconds: null };
    const doubles = createDoubles({ name: 'asked', explorationId: 'asked-00000000', parallel: 3, budget });
    const orchestrator = await startOrchestrator(server, doubles.activities);
    const { nativeConnection: connection } = server;
    const gpu = await Worker.create({ connection, taskQueue: QUEUES.gpu, activities: doubles.gpu });
    const workflowId = 'explore/asked';
    let queries = 0;
    await orchestrator.runUntil(
      gpu.runUntil(async () => {
        const options = { args: [{}], taskQueue: QUEUES.orchestrator, workflowId };
        await server.client.workflow.start('explore', options);
        const handle = server.client.workflow.getHandle(workflowId); // whatever run it is in
        let isOver = false;
        const ask = async (): Promise<void> => {
          for (; !isOver; queries += 1) await handle.query('status');
        };
        const asked = Promise.all([ask(), ask(), ask(), ask()]);
        await handle.result();
        isOver = true;
        await asked;
      }),
    );
    assert.ok(queries > 100, String(queries));
    assert.deepEqual(await replayFaults(server.client, 'asked'), []);
  });
});
