import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createServiceActivities } from '../activities/service/service.js';
import { QUEUES } from '../workflows/contract.js';
import type { StatusAnswer } from '../workflows/messages.js';
import { createDoubles } from './doubles.js';
import { startServer, whileServed } from './harness.js';

describe('the watchdog', function () {
  this.timeout(180_000);
  let server: TestWorkflowEnvironment;

  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server.teardown();
  });

  it('starts a trial again whose workflow was terminated by hand; the ledger ends as if nothing had happened', async () => {
    const doubles = createDoubles({ name: 'watched', explorationId: 'watched-00000000' });
    let open = (): void => undefined;
    doubles.gates.set(2, new Promise((resolve) => (open = resolve)));
    const service = createServiceActivities({ client: server.client, warn: assert.fail });
    await whileServed(
      server,
      doubles,
      async () => {
        const handle = await server.client.workflow.start('explore', {
          args: [{}],
          taskQueue: QUEUES.orchestrator,
          workflowId: 'explore/watched',
        });
        const flight = async () => (await handle.query<StatusAnswer | null>('status'))?.inFlight[0];
        let victim = await flight();
        while (victim?.proposed.trial !== 2) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          victim = await flight();
        }
        await server.client.workflow.getHandle(victim.workflowId).terminate('by hand');
        while ((await flight())?.restarts !== 1) await new Promise((resolve) => setTimeout(resolve, 500));
        open();
        await handle.result();
        assert.deepEqual(
          doubles.rows.map(({ trial, status }) => [trial, status]),
          [0, 1, 2, 3, 4].map((trial) => [trial, 'completed']),
        );
      },
      service,
    );
  });
});
