import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { GpuFleet } from '../domain/gpuClass.js';
import type { ExplorationResult } from '../domain/result.js';
import type { SuggestJob } from '../domain/suggestion.js';
import { gpuControlQueue, gpuQueue, QUEUES } from '../workflows/contract.js';
import { polledClasses } from '../workers/pollers.js';
import { createDoubles, type Doubles } from './doubles.js';
import { startOrchestrator, startServer } from './harness.js';

const FLEET: GpuFleet = {
  classes: [
    { name: 'small', memoryBytes: 24e9, pricePerHour: 0.5 },
    { name: 'large', memoryBytes: 80e9, pricePerHour: 2 },
  ],
  actions: {},
};

describe('explorations on classes of GPU workers', () => {
  let server: TestWorkflowEnvironment;
  let run = 0;
  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server.teardown();
  });

  /** Runs one exploration with a worker a class; returns the queues its activities were sent to, by type. */
  async function explored(
    doubles: Doubles,
    name: string,
    workers: readonly (readonly [queue: string, activities: object])[],
  ): Promise<readonly string[]> {
    const connection = server.nativeConnection;
    const orchestrator = await startOrchestrator(server, doubles.activities);
    const gpus = await Promise.all(
      workers.map(([taskQueue, activities]) => Worker.create({ connection, taskQueue, activities })),
    );
    const start = async (): Promise<readonly string[]> => {
      const options = { args: [{}], taskQueue: QUEUES.orchestrator, workflowId: `explore/${name}` };
      const handle = await server.client.workflow.start('explore', options);
      await (handle.result() as Promise<ExplorationResult>);
      return sentTo(name);
    };
    const all = gpus.reduce<() => Promise<readonly string[]>>(
      (inner, gpu) => () => gpu.runUntil(inner),
      start,
    );
    return orchestrator.runUntil(all);
  }

  /** `build lamdagent-gpu-small` and so on, of the exploration and all its trials. */
  async function sentTo(name: string): Promise<readonly string[]> {
    const sent = new Set<string>();
    for await (const { workflowId } of server.client.workflow.list({
      query: 'WorkflowType IN ("explore", "pipeline")',
    })) {
      if (!workflowId.startsWith(`explore/${name}`)) continue;
      const history = await server.client.workflow.getHandle(workflowId).fetchHistory();
      for (const event of history.events ?? []) {
        const scheduled = event.activityTaskScheduledEventAttributes;
        const queue = scheduled?.taskQueue?.name ?? '';
        if (queue.startsWith(QUEUES.gpu)) sent.add(`${scheduled?.activityType?.name ?? ''} ${queue}`);
      }
    }
    return [...sent].sort();
  }

  const prepared = (changes: Parameters<typeof createDoubles>[0]): [Doubles, string] => {
    run += 1;
    const name = `classes${String(run)}`;
    return [createDoubles({ name, explorationId: `${name}-00000000`, ...changes }), name];
  };

  it('go to the smallest class, and where the spec says', async () => {
    const [doubles, name] = prepared({ workers: { ...FLEET, actions: { sft: 'large' } } });
    const sent = await explored(doubles, name, [
      [gpuQueue('small'), doubles.gpu],
      [gpuQueue('large'), doubles.gpu],
    ]);
    assert.deepEqual(sent, ['build lamdagent-gpu-large', 'evaluate lamdagent-gpu-small']);
  });

  it('try what runs out of memory again on the next class: attempts, cost and ledger say so', async () => {
    const [doubles, name] = prepared({ workers: FLEET });
    doubles.failures.set(2, 'outOfMemory');
    await explored(doubles, name, [
      [gpuQueue('small'), doubles.gpu],
      [gpuQueue('large'), doubles.gpu],
    ]);
    const row = doubles.rows.find(({ trial }) => trial === 2);
    assert.equal(row?.status, 'completed');
    assert.match(
      row.message,
      /^stage [0-9a-f]{8}: out of memory on small \(24\.0 GB\), tried again on large \(80\.0 GB\)\.$/,
    );
    assert.deepEqual(
      row.stages[0]?.attempts.map(({ attempt, gpuClass, end }) => [attempt, gpuClass, end]),
      [[1, 'small', 'failed']],
    );
    assert.equal(row.stages[0]?.gpuSeconds, 3);
    assert.ok(doubles.rows.filter(({ trial }) => trial !== 2).every(({ message }) => message === ''));
  });

  it('end as out of memory when the largest class is too small', async () => {
    const [only] = FLEET.classes;
    assert.ok(only);
    const [doubles, name] = prepared({ workers: { classes: [only], actions: {} } });
    doubles.failures.set(3, 'outOfMemory');
    await explored(doubles, name, [[gpuQueue('small'), doubles.gpu]]);
    const row = doubles.rows.find(({ trial }) => trial === 3);
    assert.deepEqual([row?.status, row?.message], ['outOfMemory', 'planted']);
  });

  it('ask any class for suggestions; the service knows who polls which', async () => {
    const [doubles, name] = prepared({ workers: FLEET, policy: 'tpe' });
    const suggest = (job: SuggestJob) => doubles.control.suggest(job);
    const sent = await explored(doubles, name, [
      [gpuQueue('small'), doubles.gpu],
      [gpuControlQueue('small'), { suggest }],
      [gpuControlQueue('any'), { suggest }],
    ]);
    assert.ok(sent.includes('suggest lamdagent-gpu-any-control'), sent.join());
    const polled = await polledClasses(server.client, ['small', 'large']);
    assert.equal(polled[0]?.workers.length, 1);
    assert.deepEqual(polled[1], { gpuClass: 'large', workers: [] });
  });
});
