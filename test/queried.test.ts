import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { QUEUES } from '../workflows/contract.js';
import { createDoubles, type Doubles } from './doubles.js';
import { startOrchestrator, startServer } from './harness.js';
import { replayFaults } from './replayed.js';

const NAMES = ['asked', 'beside'] as const;

type Activities = Readonly<Record<string, (input: never) => Promise<unknown>>>;

/** Of two explorations on one worker: each activity is told in its input which one it works for. */
function either(first: object, second: object): Activities {
  const isOfSecond = (input: unknown): boolean => JSON.stringify(input ?? null).includes(NAMES[1]);
  return Object.fromEntries(
    Object.keys(first).map((name) => [
      name,
      (input: never) => ((isOfSecond(input) ? second : first) as Activities)[name]?.(input),
    ]),
  ) as Activities;
}

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

  it('can be replayed from the history of each of its runs, as can the one that runs beside it', async () => {
    const budget = { trials: 60, gpuSeconds: null, wallClockSeconds: null };
    const [asked, beside] = NAMES.map((name) =>
      createDoubles({ name, explorationId: `${name}-00000000`, parallel: 3, budget }),
    ) as [Doubles, Doubles];
    const orchestrator = await startOrchestrator(server, either(asked.activities, beside.activities));
    const { nativeConnection: connection } = server;
    const activities = either(asked.gpu, beside.gpu);
    const gpu = await Worker.create({ connection, taskQueue: QUEUES.gpu, activities });
    let queries = 0;
    const explore = async (name: string): Promise<void> => {
      const options = { args: [{}], taskQueue: QUEUES.orchestrator, workflowId: `explore/${name}` };
      await server.client.workflow.start('explore', options);
      const handle = server.client.workflow.getHandle(options.workflowId); // whatever run it is in
      let isOver = false;
      const ask = async (): Promise<void> => {
        for (; !isOver; queries += 1) await handle.query('status');
      };
      const asking = Promise.all([ask(), ask(), ask()]);
      await handle.result();
      isOver = true;
      await asking;
    };
    await orchestrator.runUntil(gpu.runUntil(Promise.all(NAMES.map(explore))));
    assert.ok(queries > 100, String(queries));
    for (const name of NAMES) assert.deepEqual(await replayFaults(server.client, name), []);
  });
});
