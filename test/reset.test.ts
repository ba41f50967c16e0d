import assert from 'node:assert/strict';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { QUEUES } from '../workflows/contract.js';
import type { StatusAnswer } from '../workflows/messages.js';
import { createDoubles, type Doubles } from './doubles.js';
import { startOrchestrator, startServer } from './harness.js';

/** What docs/web-ui.md says of the button Reset. */
describe('an exploration that a person resets', () => {
  let server: TestWorkflowEnvironment;
  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server.teardown();
  });

  /** Runs one until trial 3 trains; `use` may reset it, and lets the trial go on. */
  async function exploring(
    name: string,
    use: (running: { doubles: Doubles; handle: WorkflowHandle; open(): void }) => Promise<void>,
  ): Promise<void> {
    const doubles = createDoubles({ name, explorationId: `${name}-00000000` });
    let open = (): void => undefined;
    doubles.gates.set(3, new Promise((resolve) => (open = resolve)));
    const { nativeConnection: connection } = server;
    const gpu = await Worker.create({ connection, taskQueue: QUEUES.gpu, activities: doubles.gpu });
    const orchestrator = await startOrchestrator(server, doubles.activities);
    await orchestrator.runUntil(
      gpu.runUntil(async () => {
        const workflowId = `explore/${name}`;
        const start = { args: [{}], taskQueue: QUEUES.orchestrator, workflowId };
        const handle = await server.client.workflow.start('explore', start);
        const status = () => handle.query<StatusAnswer | null>('status');
        while ((await status())?.inFlight[0]?.proposed.trial !== 3)
          await new Promise((resolve) => setTimeout(resolve, 50));
        await use({ doubles, handle: server.client.workflow.getHandle(workflowId), open });
      }),
    );
  }

  /** To the end of the workflow task that `choose` picks from all that were completed. */
  async function reset(handle: WorkflowHandle, choose: (ids: readonly number[]) => number): Promise<void> {
    const { events } = await handle.fetchHistory();
    const ids = (events ?? [])
      .filter((event) => event.workflowTaskCompletedEventAttributes)
      .map(({ eventId }) => Number(eventId));
    await server.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: handle.workflowId },
      reason: 'by hand',
      requestId: `${handle.workflowId} ${String(choose(ids))}`,
      workflowTaskFinishEventId: choose(ids),
    } as never);
  }

  it('to its last workflow task goes on as if nothing had happened', async () => {
    await exploring('resetLast', async ({ doubles, handle, open }) => {
      await reset(handle, (ids) => ids.at(-1) ?? 0);
      open();
      await handle.result();
      assert.deepEqual(
        doubles.rows.map(({ sequence, trial, status }) => [sequence, trial, status]),
        [0, 1, 2, 3, 4].map((trial) => [trial, trial, 'completed']),
      );
    });
  });

  it('to before a row that is written fails, and says why: the ledger is immutable', async () => {
    await exploring('resetFirst', async ({ doubles, handle, open }) => {
      const before = [...doubles.rows];
      await reset(handle, (ids) => ids[1] ?? 0);
      open();
      const error: unknown = await handle.result().catch((thrown: unknown) => thrown);
      assert.ok(error instanceof WorkflowFailedError, String(error));
      const cause = error.cause?.cause ?? error.cause;
      assert.ok(cause instanceof ApplicationFailure, String(cause));
      assert.equal(cause.type, 'LedgerConflict');
      assert.deepEqual(doubles.rows.slice(0, before.length), before);
    });
  });
});
