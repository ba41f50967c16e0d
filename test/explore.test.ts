import assert from 'node:assert/strict';
import { WorkflowFailedError, WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Plan } from '../domain/plan.js';
import type { ExplorationResult } from '../domain/result.js';
import { QUEUES, SEARCH_ATTRIBUTES } from '../workflows/contract.js';
import type { StatusAnswer } from '../workflows/messages.js';
import { createDoubles, type Doubles } from './doubles.js';
import { startServer, whileServed } from './harness.js';
import { until as within } from './kill/until.js';

describe('the explore workflow', () => {
  let server: TestWorkflowEnvironment;
  let run = 0;

  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server.teardown();
  });

  interface Running {
    readonly doubles: Doubles;
    readonly handle: WorkflowHandle;
    status(): Promise<StatusAnswer>;
    until(holds: (status: StatusAnswer) => boolean): Promise<void>;
  }

  async function exploring<T>(
    changes: Partial<Plan>,
    use: (running: Running) => Promise<T>,
    spec: unknown = {},
  ): Promise<T> {
    run += 1;
    const name = `sample${String(run)}`;
    const doubles = createDoubles({ name, explorationId: `${name}-00000000`, ...changes });
    return whileServed(server, doubles, async () => {
      const handle = await server.client.workflow.start('explore', {
        args: [spec],
        taskQueue: QUEUES.orchestrator,
        workflowId: `explore/${name}`,
      });
      const status = async (): Promise<StatusAnswer> => {
        const answer = await handle.query<StatusAnswer | null>('status');
        return answer ?? status();
      };
      const until = async (holds: (answer: StatusAnswer) => boolean): Promise<void> => {
        while (!holds(await status())) await new Promise((resolve) => setTimeout(resolve, 50));
      };
      return use({ doubles, handle, status, until });
    });
  }

  it('runs baselines first, then the budget of trials, and books every one without a gap', async () => {
    await exploring({}, async ({ doubles, handle, status }) => {
      const result = (await handle.result()) as ExplorationResult;
      assert.equal(result.stoppedBecause, 'budget: 3 trials');
      assert.deepEqual(
        doubles.rows.map((row) => [row.sequence, row.trial, row.origin]),
        [
          [0, 0, 'base'],
          [1, 1, 'allData'],
          [2, 2, 'policy'],
          [3, 3, 'policy'],
          [4, 4, 'policy'],
        ],
      );
      assert.deepEqual(
        doubles.decisions.map(({ decision }) => decision),
        [0, 1, 2],
      );
      const end = await status();
      assert.equal(end.phase, 'finished');
      assert.deepEqual(end.trials, { completed: 5, failed: 0, running: 0, budget: 3 });
      assert.equal(end.spend.llmTokens, 15);
      const board = await handle.query<readonly { trial: number }[]>('leaderboard');
      assert.equal(board[0]?.trial, 4);
    });
  });

  it('scores the base, SFT on all data and the finalists again, and opens the test split once before it', async () => {
    await exploring({}, async ({ doubles, handle }) => {
      await handle.result();
      const confirmed = ['confirm 0', 'confirm 1', 'confirm 4', 'confirm 3'];
      assert.deepEqual(doubles.finals, [...confirmed, 'opened for 0, 1', 'test 0', 'test 1']);
    });
  });

  it('keeps several trials in flight and proposes while they run', async () => {
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    await exploring(
      { parallel: 3, budget: { trials: 4, gpuSeconds: null, wallClockSeconds: null } },
      async (it) => {
        for (const trial of [1, 2, 3]) it.doubles.gates.set(trial, gate);
        await it.until(({ trials }) => trials.running === 3);
        open();
        await it.handle.result();
        assert.deepEqual(it.doubles.decisions.map(({ inFlight }) => inFlight).slice(0, 2), [1, 2]);
        assert.deepEqual(it.doubles.rows.map(({ trial }) => trial).sort(), [0, 1, 2, 3, 4, 5]);
      },
    );
  });

  it('books a failed stage and a broken one as data and goes on', async () => {
    await exploring({}, async ({ doubles, handle }) => {
      doubles.failures.set(2, 'rejected');
      doubles.failures.set(3, 'throws');
      await handle.result();
      const ends = doubles.rows.map(({ status, message }) => `${status} ${message}`.trim());
      assert.deepEqual(ends, ['completed', 'completed', 'rejected planted', 'crashed planted', 'completed']);
    });
  });

  it('pauses, refuses a second pause with the reason, and resumes', async () => {
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    await exploring({}, async ({ doubles, handle, until, status }) => {
      doubles.gates.set(1, gate);
      await until(({ trials }) => trials.running === 1 && trials.completed === 1);
      await handle.executeUpdate('pause', { args: [{}] });
      await assert.rejects(handle.executeUpdate('pause', { args: [{}] }), (error: unknown) => {
        assert.ok(error instanceof WorkflowUpdateFailedError);
        assert.match(String(error.cause), /it is paused already/);
        return true;
      });
      open();
      await until(({ trials }) => trials.completed === 2);
      assert.equal((await status()).trials.running, 0);
      assert.equal(doubles.decisions.length, 0);
      await handle.executeUpdate('resume');
      await handle.result();
      assert.equal(doubles.decisions.length, 3);
    });
  });

  it('stops: cancels what is in flight and still concludes with what it has', async () => {
    await exploring({}, async ({ doubles, handle, until }) => {
      doubles.gates.set(2, new Promise(() => undefined));
      await until(({ trials }) => trials.completed === 2 && trials.running === 1);
      await within('the build of t0002', 30, () => doubles.begun.includes(2));
      await handle.executeUpdate('stop', { args: [{ reason: 'enough' }] });
      const result = (await handle.result()) as ExplorationResult;
      assert.equal(result.stoppedBecause, 'stopped: enough');
      assert.equal(doubles.rows.length, 2);
      await within('its cancellation', 30, () => doubles.ended.includes('cancelled 2'));
    });
  });

  it('fails once and for all on a bad spec, with its message', async () => {
    await exploring(
      {},
      async ({ handle }) => {
        const error: unknown = await handle.result().catch((thrown: unknown) => thrown);
        assert.ok(error instanceof WorkflowFailedError);
        const cause = error.cause?.cause ?? error.cause;
        assert.ok(cause instanceof ApplicationFailure);
        assert.equal(cause.type, 'InvalidSpec');
        assert.match(cause.message, /name: expected a name, got nothing/);
      },
      'bad',
    );
  });

  it('runs on a cluster that knows none of our search attributes', async () => {
    const known = await server.connection.operatorService.listSearchAttributes({ namespace: 'default' });
    assert.ok(!Object.keys(SEARCH_ATTRIBUTES).some((name) => name in known.customAttributes));
    await exploring({}, async ({ handle }) => {
      await handle.result();
    });
  });
});
