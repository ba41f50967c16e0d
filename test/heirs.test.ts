import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { BuildJobSchema, EvaluateJobSchema } from '../activities/spec/contract.js';
import { identify } from '../domain/stage.js';
import type { TrialResult } from '../domain/trial.js';
import { QUEUES } from '../workflows/contract.js';
import type { Carried } from '../workflows/explore.js';
import { createDoubles } from './doubles.js';
import { startOrchestrator, startServer } from './harness.js';

/** The arguments that a recorded workflow was started with. */
function recordedInput(file: string): readonly unknown[] {
  const text = readFileSync(join(import.meta.dirname, 'histories', file), 'utf8');
  const { events } = JSON.parse(text) as { events: readonly Record<string, unknown>[] };
  const started = events[0]?.['workflowExecutionStartedEventAttributes'] as {
    input: { payloads: readonly { data: string }[] };
  };
  return started.input.payloads.map(
    ({ data }) => JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as unknown,
  );
}

/** What an older version handed to a workflow must be enough for today's: an upgrade meets it in every run. */
describe('what an older version began', () => {
  let server: TestWorkflowEnvironment;

  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server.teardown();
  });

  it('a trial of 0.1 sends jobs that GPU workers of today accept, named by the trial that pays', async () => {
    const doubles = createDoubles({});
    const trial = identify({
      kind: 'sft',
      recipeVersion: 1,
      inputs: {},
      parameters: { trial: 2 },
      seed: '1',
    });
    const requesters: string[] = [];
    const gpu = {
      build: (job: unknown) => {
        requesters.push(BuildJobSchema.parse(job).requester);
        return doubles.gpu.build(job as never);
      },
      evaluate: (job: unknown) => {
        requesters.push(EvaluateJobSchema.parse(job).requester);
        return doubles.gpu.evaluate(job as never);
      },
    };
    const lookup = () => Promise.resolve({ missing: [trial], weightsSha256: null, scores: [], found: [] });
    const orchestrator = await startOrchestrator(server, { ...doubles.activities, lookup });
    const { nativeConnection: connection } = server;
    const worker = await Worker.create({ connection, taskQueue: QUEUES.gpu, activities: gpu });
    const [input] = recordedInput('pipeline-0.1.json');
    assert.ok(typeof input === 'object' && input !== null && !('requester' in input));
    await orchestrator.runUntil(
      worker.runUntil(async () => {
        const result = (await server.client.workflow.execute('pipeline', {
          args: [{ ...input, reportTo: null }],
          taskQueue: QUEUES.orchestrator,
          workflowId: 'explore/recorded/t0002-3dbb2b59',
        })) as TrialResult;
        assert.equal(result.status, 'completed', result.message);
      }),
    );
    assert.deepEqual(requesters, ['recorded-00000000/t0002', 'recorded-00000000/t0002']);
  });

  it('an exploration that 0.1 continued as new is searched to its end', async () => {
    const [spec, carried] = recordedInput('continuedTo-0.1.json') as [unknown, Carried];
    const { plan, inFlight, ledgerRows } = carried.state;
    assert.ok(inFlight.length > 0, 'the recorded state has trials in flight');
    const doubles = createDoubles(plan);
    const orchestrator = await startOrchestrator(server, doubles.activities);
    const { nativeConnection: connection } = server;
    const gpu = await Worker.create({ connection, taskQueue: QUEUES.gpu, activities: doubles.gpu });
    await orchestrator.runUntil(
      gpu.runUntil(async () => {
        const handle = await server.client.workflow.start('explore', {
          args: [spec, carried],
          taskQueue: QUEUES.orchestrator,
          workflowId: 'explore/continued',
        });
        for (const { proposed } of inFlight) {
          const { trial, stageId } = proposed;
          const nothing = { message: '', weightsSha256: null, scores: {}, stages: [], metrics: {} };
          const times = { startedAt: '2026-01-01T00:00:00.000Z', endedAt: '2026-01-01T00:00:01.000Z' };
          const result: TrialResult = { trial, stageId, status: 'crashed', ...nothing, ...times };
          await handle.signal('trialEnded', { explorationId: plan.explorationId, result });
        }
        await handle.result();
      }),
    );
    assert.deepEqual(
      doubles.rows.map(({ sequence }) => sequence),
      doubles.rows.map((_, index) => ledgerRows + index),
    );
    assert.ok(doubles.rows.length >= inFlight.length);
  });
});
