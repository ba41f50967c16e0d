import assert from 'node:assert/strict';
import { WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { inheritedOf, inheritRows } from '../domain/inheritance.js';
import type { Plan } from '../domain/plan.js';
import type { ExplorationResult } from '../domain/result.js';
import type { TrialRecord } from '../domain/trial.js';
import { QUEUES } from '../workflows/contract.js';
import type { StatusAnswer } from '../workflows/messages.js';
import { createDoubles, type Doubles } from './doubles.js';
import { startOrchestrator, startServer } from './harness.js';

/** So low that every search here continues as new several times. */
const EAGER = ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=40'];
const ACTION = { kind: 'sft', models: ['base'], datasets: ['beta'], parameters: { tuning: 'lora' } };

describe('steering a search', () => {
  let server: TestWorkflowEnvironment;
  let run = 0;

  before(async () => {
    server = await startServer(EAGER);
  });
  after(async () => {
    await server.teardown();
  });
  /** What a test that failed left behind must not meet the workers of the next one. */
  afterEach(async () => {
    const { workflow } = server.client;
    for await (const { workflowId } of workflow.list({ query: "ExecutionStatus = 'Running'" }))
      await workflow.getHandle(workflowId).terminate();
  });

  interface Running {
    readonly doubles: Doubles;
    readonly handle: WorkflowHandle;
    readonly update: (name: string, input?: unknown) => Promise<string>;
    readonly refused: (name: string, input: unknown, reason: RegExp) => Promise<void>;
    readonly status: () => Promise<StatusAnswer>;
    readonly until: (holds: (status: StatusAnswer) => boolean) => Promise<void>;
    /** Lets the trial's build go on. */
    readonly open: (trial: number) => void;
  }

  interface World extends Partial<Plan> {
    readonly hold: readonly number[];
    /** Activities in the place of the doubles' own. */
    readonly replaced?: (doubles: Doubles) => Partial<Doubles['activities']>;
  }

  /** Trials whose builds wait until `open`: 0 … 9, given the ones to hold. */
  async function exploring(
    { hold, replaced = () => ({}), ...changes }: World,
    use: (running: Running) => Promise<void>,
  ): Promise<void> {
    run += 1;
    const name = `steered${String(run)}`;
    const doubles = createDoubles({ name, explorationId: `${name}-00000000`, ...changes });
    const gates = new Map<number, () => void>();
    for (const trial of hold) doubles.gates.set(trial, new Promise((resolve) => gates.set(trial, resolve)));
    const orchestrator = await startOrchestrator(server, { ...doubles.activities, ...replaced(doubles) });
    const { nativeConnection: connection } = server;
    const gpu = await Worker.create({ connection, taskQueue: QUEUES.gpu, activities: doubles.gpu });
    await orchestrator.runUntil(
      gpu.runUntil(async () => {
        await server.client.workflow.start('explore', {
          args: [{}],
          taskQueue: QUEUES.orchestrator,
          workflowId: `explore/${name}`,
        });
        const handle = server.client.workflow.getHandle(`explore/${name}`);
        const update = (message: string, input: unknown = {}): Promise<string> =>
          handle.executeUpdate<string, [unknown]>(message, { args: [input] });
        const status = async (): Promise<StatusAnswer> =>
          (await handle.query<StatusAnswer | null>('status')) ?? status();
        const until: Running['until'] = async (holds) => {
          while (!holds(await status())) await new Promise((resolve) => setTimeout(resolve, 50));
        };
        const refused: Running['refused'] = async (message, input, reason) => {
          await assert.rejects(update(message, input), (error: unknown) => {
            assert.ok(error instanceof WorkflowUpdateFailedError, String(error));
            assert.ok(error.cause instanceof ApplicationFailure);
            assert.equal(error.cause.type, 'UpdateRefused');
            assert.match(error.cause.message, reason);
            return true;
          });
        };
        const open = (trial: number): void => gates.get(trial)?.();
        await use({ doubles, handle, update, refused, status, until, open });
      }),
    );
  }

  function booked(doubles: Doubles): readonly string[] {
    const rows = [...doubles.rows].sort((a, b) => a.trial - b.trial);
    assert.deepEqual(
      rows.map(({ trial }) => trial),
      rows.map((_, index) => index),
      'trials are numbered without a gap',
    );
    return rows.map(({ trial, origin }) => `${String(trial)} ${origin}`);
  }

  it('steer: hands every later decision the words, and keeps them over continue-as-new until cleared', async () => {
    const budget = { trials: 9, gpuSeconds: null, wallClockSeconds: null };
    await exploring({ hold: [1, 8], budget }, async ({ doubles, handle, update, refused, until, open }) => {
      await until(({ trials }) => trials.completed === 1);
      const first = (await handle.describe()).runId;
      assert.match(await update('steer', { text: 'prefer small merges', by: 'ann' }), /minds 1 note/);
      await update('steer', { text: 'leave beta out' });
      await refused('steer', { text: 'x'.repeat(501) }, /at most 500 characters, got 501/);
      await refused('steer', { text: 'a\u001b[31m' }, /without control characters, got U\+001b/);
      await refused('steer', {}, /text: expected some words, got null/);
      await refused('steer', null, /expected an object/);
      await refused('steer', { text: 'x', by: 'y'.repeat(99) }, /by: expected at most 80/);
      open(1);
      await until(({ trials }) => trials.completed === 8 && trials.running === 1);
      assert.notEqual((await handle.describe()).runId, first, 'it continued as new');
      assert.equal(await update('steer', { clear: true }), 'steering cleared');
      await refused('steer', { clear: true }, /expected some steering, got none/);
      open(8);
      await handle.result();
      const both = ['prefer small merges', 'leave beta out'];
      assert.deepEqual(
        doubles.decisions.map(({ steering }) => steering),
        [...Array.from({ length: 7 }, () => both), [], []],
      );
      assert.deepEqual(
        doubles.interventions.map(({ number, kind, by }) => [number, kind, by]),
        [
          [0, 'steer', 'ann'],
          [1, 'steer', null],
          [2, 'clear', null],
        ],
      );
    });
  });

  it('budget: grows and shrinks while it runs, and refuses what is below what is spent', async () => {
    await exploring({ hold: [1, 3] }, async ({ doubles, handle, update, refused, status, until, open }) => {
      await until(({ trials }) => trials.completed === 1);
      assert.match(await update('budget', { trials: '+2' }), /^budget: 5 trials \(0 spent\)/);
      await update('budget', { trials: '+1', gpuSeconds: null, by: 'ann' });
      await refused('budget', {}, /expected a change, got none/);
      await refused('budget', { trials: 6 }, /what holds already/);
      await refused('budget', { gpuSeconds: '+5' }, /expected a limit to change by \+5, got none/);
      await refused('budget', { trails: 6 }, /expected trials, gpuSeconds, .*got "trails"/);
      await refused('budget', { trials: 'many' }, /a number, a step such as "\+20", or none, got "many"/);
      assert.equal((await status()).trials.budget, 6);
      open(1);
      await until(({ trials }) => trials.completed === 3 && trials.running === 1);
      await refused('budget', { trials: 1 }, /expected at least what is spent, 2, got 1/);
      await update('budget', { trials: 2 });
      open(3);
      const result = (await handle.result()) as ExplorationResult;
      assert.equal(result.stoppedBecause, 'budget: 2 trials');
      assert.deepEqual(booked(doubles), ['0 base', '1 allData', '2 policy', '3 policy']);
      const changes = doubles.interventions.map((act) =>
        act.kind === 'budget' ? [act.before.trials, act.after.trials] : [],
      );
      assert.deepEqual(changes, [
        [3, 5],
        [5, 6],
        [6, 2],
      ]);
    });
  });

  it('propose: runs a trial of a person before the next of the policy, beside its budget, once', async () => {
    await exploring({ hold: [2] }, async ({ doubles, handle, update, refused, status, until, open }) => {
      await until(({ trials }) => trials.completed === 2 && trials.running === 1);
      const answer = await update('propose', { action: ACTION, by: 'ann' });
      assert.match(answer, /^accepted: sft .*tuning=lora.* on base: beta; it starts before/);
      await refused('propose', { action: ACTION }, /is being tried already/);
      await refused(
        'propose',
        { action: { ...ACTION, kind: 'dpo' } },
        /kind: expected one of sft, merge, got dpo/,
      );
      await refused(
        'propose',
        { action: { ...ACTION, models: ['t0002'] } },
        /expected a model of the pool, got t0002/,
      );
      await refused(
        'propose',
        { action: { ...ACTION, datasets: ['gamma'] } },
        /expected some of alpha, beta, got gamma/,
      );
      await refused(
        'propose',
        { action: { ...ACTION, parameters: { learningRate: 7 } } },
        /learningRate: expected one of/,
      );
      await refused('propose', { action: 'sft' }, /expected an object {kind, models, …}, got "sft"/);
      assert.equal((await status()).queued?.length, 1);
      open(2);
      await handle.result();
      assert.deepEqual(booked(doubles), [
        '0 base',
        '1 allData',
        '2 policy',
        '3 proposed',
        '4 policy',
        '5 policy',
      ]);
      assert.equal(doubles.decisions.length, 3);
      assert.deepEqual([doubles.rows[3]?.intervention, doubles.rows[3]?.decision], [0, null]);
    });
  });

  it('propose: one that comes while the last trial runs is still done; two equal ones at once are one', async () => {
    const budget = { trials: 1, gpuSeconds: null, wallClockSeconds: null };
    await exploring({ hold: [2], budget }, async ({ doubles, handle, update, until, open }) => {
      await until(({ trials }) => trials.completed === 2 && trials.running === 1);
      const both = await Promise.allSettled([1, 2].map(() => update('propose', { action: ACTION })));
      assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
      open(2);
      await handle.result();
      assert.deepEqual(booked(doubles), ['0 base', '1 allData', '2 policy', '3 proposed']);
    });
  });

  it('retry: tries a failed trial again under a new number, and refuses any other', async () => {
    await exploring({ hold: [3] }, async ({ doubles, handle, update, refused, until, open }) => {
      doubles.failures.set(2, 'throws');
      await until(({ trials }) => trials.failed === 1 && trials.running === 1);
      await refused('retry', { trial: 't0001' }, /expected one that failed, but t0001 completed/);
      await refused('retry', { trial: 't0003' }, /t0003, which has no result yet/);
      await refused('retry', { trial: 't0099' }, /expected one of t0000 to t0003, got t0099/);
      await refused('retry', { trial: 'seven' }, /expected a trial such as t0007, got "seven"/);
      doubles.failures.delete(2);
      await update('retry', { trial: 't0002' });
      await refused('retry', { trial: 2 }, /t0002 is being tried again/);
      open(3);
      await handle.result();
      assert.deepEqual(booked(doubles), [
        '0 base',
        '1 allData',
        '2 policy',
        '3 policy',
        '4 proposed',
        '5 policy',
      ]);
      const again = doubles.rows.find(({ trial }) => trial === 4);
      assert.deepEqual([again?.status, again?.retryOf, again?.stageId], ['completed', 2, doubles.stageOf(2)]);
    });
  });

  it('refuses everything while it stops and once its search is over, with the reason', async () => {
    await exploring({ hold: [2] }, async ({ handle, update, refused, until }) => {
      await until(({ trials }) => trials.completed === 2 && trials.running === 1);
      await refused('resume', undefined, /expected a paused exploration, but it is not paused/);
      await refused('stop', { reason: 'a\nb' }, /without control characters/);
      await update('pause', { reason: 'lunch' });
      await refused('pause', {}, /it is paused already/);
      assert.match(await update('propose', { action: ACTION }), /once the exploration is resumed/);
      await update('stop', null);
      for (const [name, input] of [
        ['steer', { text: 'x' }],
        ['budget', { trials: 9 }],
        ['propose', { action: ACTION }],
        ['retry', { trial: 1 }],
        ['pause', {}],
        ['stop', {}],
      ] as const)
        await refused(name, input, /it is stopping|its search is over/).catch((error: unknown) => {
          if (!/already completed|not found/.test(String(error))) throw error;
        });
      await handle.result();
    });
  });

  it('stop rules: ends at a plateau or a target, and says which', async () => {
    const budget = { trials: 9, gpuSeconds: null, wallClockSeconds: null };
    const flat = { plateau: { trials: 2, atLeast: 0.5 }, target: null };
    await exploring({ hold: [], budget, stop: flat }, async ({ doubles, handle }) => {
      const { stoppedBecause } = (await handle.result()) as ExplorationResult;
      assert.match(
        stoppedBecause,
        /^plateau: 2 trials did not raise the best feasible score, 0.5000, by 0.5/,
      );
      assert.equal(doubles.decisions.length, 2);
    });
    const near = { plateau: null, target: 0.52 };
    await exploring({ hold: [], budget, stop: near }, async ({ doubles, handle }) => {
      const { stoppedBecause } = (await handle.result()) as ExplorationResult;
      assert.match(stoppedBecause, /^target: 0.52 reached, with 0.5200 by "trial 2"/);
      assert.equal(doubles.decisions.length, 1);
    });
  });

  it('begins with inherited rows: no baseline runs twice, and numbers go on where they end', async () => {
    const budget = { trials: 2, gpuSeconds: null, wallClockSeconds: null };
    let source: readonly TrialRecord[] = [];
    await exploring({ hold: [] }, async ({ doubles, handle }) => {
      await handle.result();
      const [base] = doubles.rows;
      const action = { kind: 'sft', models: [base?.stageId ?? ''], datasets: [], parameters: {} } as const;
      source = doubles.rows.map((row) => (row.origin === 'allData' ? { ...row, action } : row));
    });
    const taking = (doubles: Doubles): Partial<Doubles['activities']> => ({
      prepare: async (input) => {
        const prepared = await doubles.activities.prepare(input);
        const { plan, baselines } = prepared;
        const rows = inheritRows(plan, baselines, { plan, rows: source });
        doubles.rows.push(...rows.rows);
        doubles.built.push(...source.map(({ stageId }) => stageId)); // their models are in the store
        return { ...prepared, inherited: inheritedOf(plan, baselines, rows) };
      },
    });
    await exploring({ hold: [], budget, replaced: taking }, async ({ doubles, handle, status }) => {
      await handle.result();
      assert.deepEqual(booked(doubles), [
        ...['0 base', '1 allData', '2 inherited', '3 inherited', '4 inherited'],
        ...['5 policy', '6 policy'],
      ]);
      assert.deepEqual(
        doubles.rows.map(({ sequence }) => sequence),
        [0, 1, 2, 3, 4, 5, 6],
      );
      assert.equal((await status()).trials.completed, 7);
      assert.deepEqual(
        doubles.built.slice(source.length).map((id) => doubles.rows.find((row) => row.stageId === id)?.trial),
        [5, 6],
      );
    });
  });
});
