import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { loadExploration } from '../activities/ledger/read.js';
import { createFolderStore } from '../activities/store/folder.js';
import { keys } from '../activities/store/keys.js';
import { openContext } from '../cli/context.js';
import { workerLines, workersOf } from '../cli/workerLines.js';
import type { GpuFleet } from '../domain/gpuClass.js';
import { samplePlan } from '../domain/samples.js';
import { startServer, withFolder } from '../test/harness.js';
import { gpuControlQueue, QUEUES } from '../workflows/contract.js';
import { readEnvironment } from './env.js';
import { workerFindings } from './workerDoctor.js';

const workers: GpuFleet = {
  classes: [
    { name: 'small', memoryBytes: 24e9, pricePerHour: null },
    { name: 'large', memoryBytes: 80e9, pricePerHour: null },
  ],
  actions: {},
};
const FIX = 'Start one where it can reach the service and the store: npx lamdagent gpu-worker --gpu-class';

describe('doctor and status look for workers of each class', () => {
  const before_ = { ...process.env };
  let server: TestWorkflowEnvironment;
  before(async () => {
    server = await startServer();
    Object.assign(process.env, { TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: 'default' });
  });
  after(async () => {
    process.env = { ...before_ };
    await server.teardown();
  });

  it('that a running exploration needs, and say how to start one', async () => {
    await withFolder(async (home) => {
      const env = readEnvironment({ ...process.env, LAMDAGENT_HOME: home });
      const plan = samplePlan({ workers });
      const store = createFolderStore(join(home, 'store'));
      const { explorationId } = plan;
      await store.putIfAbsent(keys.plan(explorationId), JSON.stringify(plan));
      const pointer = { explorationId, workflowId: 'explore/sample', startedAt: '2026-01-01T00:00:00.000Z' };
      await store.replace(keys.name('sample'), JSON.stringify(pointer));
      assert.deepEqual(
        (await workerFindings(env)).map(({ check, ok, found }) => [check, ok, found]),
        [['GPU workers', true, 'none']],
        'the store calls it running, the service does not know it',
      );

      const start = { args: [{}], taskQueue: QUEUES.orchestrator, workflowId: 'explore/sample' };
      await server.client.workflow.start('explore', start);
      const suggest = (): Promise<never> => new Promise(() => undefined);
      const small = await Worker.create({
        ...{
          connection: server.nativeConnection,
          taskQueue: gpuControlQueue('small'),
          activities: { suggest },
        },
        identity: 'host:7 (cuda: H100)',
      });
      await small.runUntil(async () => {
        let findings = await workerFindings(env);
        while (findings[0]?.ok === false) findings = await workerFindings(env);
        assert.deepEqual(findings, [
          {
            check: 'GPU workers of class small',
            ok: true,
            found: 'host:7 (cuda: H100)',
            fix: `${FIX} small.`,
          },
          {
            check: 'GPU workers of class large',
            ok: false,
            found: 'none, and sample may need one',
            fix: `${FIX} large.`,
          },
        ]);
        const found = await loadExploration(store, 'sample');
        assert.ok(found);
        assert.deepEqual(workerLines(await workersOf(openContext(env), found)), [
          'workers     class small: host:7 (cuda: H100)',
          `workers     class large: none. ${FIX} large`,
        ]);
      });
    });
  });

  it('and say nothing where no service answers', async () => {
    await withFolder(async (home) => {
      process.env['TEMPORAL_ADDRESS'] = '127.0.0.1:1';
      const env = readEnvironment({ ...process.env, LAMDAGENT_HOME: home });
      assert.deepEqual(await workerFindings(env), []);
      process.env['TEMPORAL_ADDRESS'] = server.address;
    });
  });
});
