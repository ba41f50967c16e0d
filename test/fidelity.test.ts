import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { Plan } from '../domain/plan.js';
import { QUEUES } from '../workflows/contract.js';
import { createDoubles, type Doubles } from './doubles.js';
import { startOrchestrator, startServer } from './harness.js';

const FIDELITY = { rungs: [0.25, 0.5, 1], reduction: 2 };
const budget = (trials: number, gpuSeconds: number | null = null): Plan['budget'] => ({
  ...{ trials, gpuSeconds, wallClockSeconds: null },
});

describe('rungs and scale in the workflows', () => {
  let server: TestWorkflowEnvironment;
  let run = 0;

  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server.teardown();
  });

  async function exploring(
    changes: Partial<Plan>,
    use: (it: { readonly doubles: Doubles; readonly name: string }) => Promise<void>,
    before: (doubles: Doubles) => void = () => undefined,
  ): Promise<void> {
    run += 1;
    const name = `rungs${String(run)}`;
    const doubles = createDoubles({ name, explorationId: `${name}-00000000`, constraints: [], ...changes });
    before(doubles);
    const orchestrator = await startOrchestrator(server, doubles.activities);
    const { nativeConnection: connection } = server;
    const gpu = await Worker.create({ connection, taskQueue: QUEUES.gpu, activities: doubles.gpu });
    await orchestrator.runUntil(gpu.runUntil(() => use({ doubles, name })));
  }

  const explore = (name: string): Promise<unknown> =>
    server.client.workflow.execute('explore', {
      args: [{}],
      taskQueue: QUEUES.orchestrator,
      workflowId: `explore/${name}`,
    });
  const story = ({ rows }: Doubles): readonly (readonly unknown[])[] =>
    rows.map(({ trial, origin, fidelity, promotes }) => [trial, origin, fidelity ?? 1, promotes ?? null]);

  it('begins on the lowest rung, promotes before it proposes, and lets promotions go on past the budget of trials', async () => {
    await exploring({ fidelity: FIDELITY, budget: budget(4) }, async ({ doubles, name }) => {
      await explore(name);
      // Later trials score higher, so of each pair the second goes up.
      assert.deepEqual(story(doubles).slice(2), [
        [2, 'policy', 0.25, null],
        [3, 'policy', 0.25, null],
        [4, 'promotion', 0.5, 3],
        [5, 'policy', 0.25, null],
        [6, 'policy', 0.25, null],
        [7, 'promotion', 0.5, 6],
        [8, 'promotion', 1, 7],
      ]);
    });
  });

  it('runs the best at the top when the search ended with nothing there, as many as there are finalists', async () => {
    await exploring({ fidelity: FIDELITY, budget: budget(3) }, async ({ doubles, name }) => {
      await explore(name);
      assert.deepEqual(story(doubles).slice(5), [
        [5, 'policy', 0.25, null],
        [6, 'promotion', 1, 4],
        [7, 'promotion', 1, 5],
      ]);
    });
  });

  it('a failed promotion is not tried again, and the best of the rest goes to the top', async () => {
    await exploring(
      { fidelity: FIDELITY, budget: budget(2), finalists: 1 },
      async ({ doubles, name }) => {
        await explore(name);
        assert.deepEqual(story(doubles).slice(4), [
          [4, 'promotion', 0.5, 3],
          [5, 'promotion', 1, 2],
        ]);
      },
      (doubles) => doubles.failures.set(4, 'rejected'),
    );
  });

  it('keeps several promotions in flight without promoting one twice', async () => {
    await exploring({ fidelity: FIDELITY, budget: budget(12), parallel: 4 }, async ({ doubles, name }) => {
      await explore(name);
      const promoted = doubles.rows.flatMap(({ promotes }) => promotes ?? []);
      assert.equal(new Set(promoted).size, promoted.length);
      const at = (share: number): number =>
        doubles.rows.filter((row) => row.fidelity === share && row.origin !== 'allData').length;
      assert.equal(at(0.25), 12);
      assert.equal(at(0.5), 6);
    });
  });

  it('scales: scores every model once, and a second start goes on with what is left', async () => {
    await exploring({}, async ({ doubles, name }) => {
      await explore(name);
      const scale = (workflowId: string) =>
        server.client.workflow.start('scale', {
          args: [{ exploration: name, dataFraction: 2, top: 2 }],
          taskQueue: QUEUES.orchestrator,
          workflowId,
        });
      const open = gate(doubles, 103);
      const first = await scale(`explore/${name}/scale-x`);
      while (doubles.scaled.size < 3) await new Promise((resolve) => setTimeout(resolve, 50));
      const answer = await first.query<{ running: readonly { job: string }[] }>('scaleStatus');
      assert.deepEqual(
        answer.running.map(({ job }) => job),
        ['t0003-scaled'],
      );
      await first.terminate('by hand');
      open();
      const again = await scale(`explore/${name}/scale-x`);
      const result = (await again.result()) as { plan: { label: string } };
      assert.equal(result.plan.label, 'data-x2-top2');
      assert.deepEqual([...doubles.scaled.keys()].sort(), [
        't0002-original',
        't0002-scaled',
        't0003-original',
        't0003-scaled',
      ]);
      const built = doubles.built.filter((id, index, all) => all.indexOf(id) === index);
      assert.equal(doubles.scaled.get('t0003-scaled')?.status, 'completed');
      assert.ok(built.length >= 5);
    });
  });

  it('a terminated model of a study is started again', async () => {
    await exploring({}, async ({ doubles, name }) => {
      await explore(name);
      const open = gate(doubles, 102);
      const study = `explore/${name}/scale-y`;
      const handle = await server.client.workflow.start('scale', {
        args: [{ exploration: name, dataFraction: 2 }],
        taskQueue: QUEUES.orchestrator,
        workflowId: study,
      });
      while (doubles.scaled.size < 1) await new Promise((resolve) => setTimeout(resolve, 50));
      const child = server.client.workflow.getHandle(`${study}/t0002-scaled`);
      for (let there = false; !there;)
        there = await child.describe().then(
          () => true,
          () => false,
        );
      await child.terminate('by hand');
      open();
      await handle.result();
      assert.equal(doubles.scaled.size, 4);
    });
  });
});

function gate(doubles: Doubles, trial: number): () => void {
  let open = (): void => undefined;
  doubles.gates.set(trial, new Promise((resolve) => (open = resolve)));
  return () => {
    open();
  };
}
