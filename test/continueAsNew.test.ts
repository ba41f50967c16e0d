import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { startProbe } from '../benchmarks/scale/probe.js';
import { QUEUES } from '../workflows/contract.js';
import { createDoubles } from './doubles.js';
import { startServer, whileServed } from './harness.js';

/** A server that suggests continue-as-new after few events, so that a short search goes through it many times. */
const EAGER = ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=60'];

describe('continue-as-new', () => {
  let server: TestWorkflowEnvironment;

  before(async () => {
    server = await startServer(EAGER);
  });
  after(async () => {
    await server.teardown();
  });

  it('keeps histories short, loses no trial in flight, and stays unseen by queries and updates', async () => {
    const budget = { trials: 24, gpuSeconds: null, wallClockSeconds: null };
    const doubles = createDoubles({ name: 'long', explorationId: 'long-00000000', parallel: 3, budget });
    for (let trial = 1; trial < 26; trial += 1)
      doubles.gates.set(trial, new Promise((resolve) => setTimeout(resolve, 200 * trial)));
    await whileServed(server, doubles, async () => {
      const first = await server.client.workflow.start('explore', {
        args: [{}],
        taskQueue: QUEUES.orchestrator,
        workflowId: 'explore/long',
      });
      const handle = server.client.workflow.getHandle('explore/long');
      while (doubles.rows.length < 8) await new Promise((resolve) => setTimeout(resolve, 50));
      await handle.executeUpdate('pause', { args: [{}] });
      await handle.executeUpdate('resume');
      await handle.result();
      assert.notEqual((await handle.describe()).runId, first.firstExecutionRunId);
      assert.deepEqual(
        doubles.rows.map(({ sequence }) => sequence),
        Array.from({ length: 26 }, (_, sequence) => sequence),
      );
      assert.deepEqual(
        doubles.rows.map(({ trial }) => trial).sort((a, b) => a - b),
        Array.from({ length: 26 }, (_, trial) => trial),
      );
      assert.deepEqual(
        doubles.decisions.map(({ decision }) => decision),
        Array.from({ length: 24 }, (_, decision) => decision),
      );
      assert.equal(new Set(doubles.built).size, doubles.built.length, 'a stage was built twice');
      const { events } = await handle.fetchHistory();
      assert.ok((events?.length ?? 0) < 300, String(events?.length));
    });
  });

  it('takes every update that comes with a hand-over', async () => {
    const budget = { trials: 60, gpuSeconds: null, wallClockSeconds: null };
    const doubles = createDoubles({ name: 'often', explorationId: 'often-00000000', parallel: 3, budget });
    await whileServed(server, doubles, async () => {
      await server.client.workflow.start('explore', {
        args: [{}],
        taskQueue: QUEUES.orchestrator,
        workflowId: 'explore/often',
      });
      while (doubles.rows.length < 3) await new Promise((resolve) => setTimeout(resolve, 50));
      const probe = startProbe(server.client, 'often', { queryMs: 20, updateMs: 1 });
      await server.client.workflow.getHandle('explore/often').result();
      const { updates, failures } = await probe.stop();
      assert.deepEqual(
        failures.filter((one) => !/workflow execution already completed/.test(one)),
        [],
      );
      assert.ok(updates > 50, String(updates));
      assert.equal(doubles.rows.length, 62);
    });
  });
});
