import assert from 'node:assert/strict';
import fc from 'fast-check';
import { poolOf, triedStageIds } from './pool.js';
import type { Plan } from './plan.js';
import { randomOf } from './random.js';
import { samplePlan, sampleProposal, sampleResult, sampleStageId } from './samples.js';
import {
  countActions,
  enumerateActions,
  faultOfAction,
  isLegal,
  sampleAction,
  sampleNewAction,
} from './space.js';
import { identify, stageIdOf } from './stage.js';
import { stageOfAction } from './stageOfAction.js';
import type { Action, TrialRecord } from './trial.js';

/** Rows of completed trials 0 … count - 1, the base among them. */
function rowsOf(count: number): readonly TrialRecord[] {
  return Array.from({ length: count }, (_, trial) => ({
    schemaVersion: 1,
    ...sampleProposal(trial, trial === 0 ? 'base' : 'policy'),
    ...sampleResult(trial, 0.5),
    sequence: trial,
    score: 0.5,
    standardError: 0.1,
    feasible: true,
  }));
}

function spaceOf(plan: Plan, rows: readonly TrialRecord[] = []) {
  return { plan, pool: poolOf(plan, rows), tried: triedStageIds(plan, rows, []) };
}

describe('the pool', () => {
  it('holds the given models and each completed model once, under its first trial', () => {
    const rows = rowsOf(3);
    const again = rows.map((row) => ({ ...row, trial: row.trial + 10 }));
    const pool = poolOf(samplePlan(), [...rows, ...again]);
    assert.deepEqual(
      [...pool.values()].map(({ name }) => name),
      ['base', 't0001', 't0002'],
    );
    assert.equal(pool.get(sampleStageId(0))?.row?.trial, 0);
  });

  it('leaves failed trials out', () => {
    const failed = rowsOf(2).map((row): TrialRecord =>
      row.trial === 1 ? { ...row, status: 'diverged' } : row,
    );
    assert.equal(poolOf(samplePlan(), failed).size, 1);
  });
});

describe('the space of actions', () => {
  it('samples legal actions only, whatever the seed', () => {
    const space = spaceOf(samplePlan(), rowsOf(4));
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('sft' as const, 'merge' as const), (seed, kind) => {
        const action = sampleAction(space, kind, randomOf(seed));
        assert.ok(action);
        assert.equal(faultOfAction(space, action), null);
      }),
    );
  });

  it('lists as many actions as it counts, all legal and all different', () => {
    const space = spaceOf(samplePlan(), rowsOf(3));
    const listed = [...enumerateActions(space, 'sft')];
    // 3 models × {alpha, beta, both} × 2 learning rates × (full, lora)
    assert.equal(listed.length, 36);
    assert.equal(countActions(space, 'sft'), 36);
    assert.ok(listed.every((action) => isLegal(space, action)));
    assert.equal(new Set(listed.map((action) => stageIdOf(stageOfAction(space.plan, action)))).size, 36);
  });

  it('has no merge before there are two models of one architecture', () => {
    assert.equal(countActions(spaceOf(samplePlan()), 'merge'), 0);
    assert.equal(sampleNewAction(spaceOf(samplePlan()), 'merge', randomOf('x')), null);
    const [base] = samplePlan().models;
    assert.ok(base);
    const other = { ...base, name: 'larger', stageId: sampleStageId(99), parameterCount: 2000 };
    assert.equal(countActions(spaceOf(samplePlan({ models: [base, other] })), 'merge'), 0);
  });

  it('keeps architectures apart, and deltas to the architecture of the first model', () => {
    const [base] = samplePlan().models;
    assert.ok(base);
    const large = [98, 99].map((n) => ({
      name: `large${String(n)}`,
      stageId: sampleStageId(n),
      weightsSha256: '',
      parameterCount: 2000,
    }));
    const space = spaceOf(samplePlan({ models: [base, ...large] }));
    for (let seed = 0; seed < 50; seed += 1) {
      const action = sampleNewAction(space, 'merge', randomOf(seed));
      assert.ok(action);
      assert.equal(action.parameters['method'], 'linear');
      assert.ok(!action.models.includes(base.stageId));
    }
  });

  it('gives every action once, then none', () => {
    const rows = rowsOf(1);
    const space = spaceOf(samplePlan(), rows);
    const tried = new Set(space.tried);
    for (let count = 0; count < 12; count += 1) {
      const action = sampleNewAction({ ...space, tried }, 'sft', randomOf(count));
      assert.ok(action);
      const { stageId } = identify(stageOfAction(space.plan, action));
      assert.ok(!tried.has(stageId));
      tried.add(stageId);
    }
    assert.equal(sampleNewAction({ ...space, tried }, 'sft', randomOf('end')), null);
  });

  it('says what is wrong with an action', () => {
    const space = spaceOf(samplePlan(), rowsOf(3));
    const good = sampleAction(space, 'sft', randomOf('good'));
    assert.ok(good);
    const merge = sampleAction(space, 'merge', randomOf('good'));
    assert.ok(merge);
    const wrong: readonly (readonly [Partial<Action>, RegExp])[] = [
      [{ kind: 'dpo' }, /action type: expected one of sft, merge, got dpo/],
      [{ models: [] }, /models: expected exactly 1, got 0/],
      [{ models: ['f'.repeat(64)] }, /models of the pool/],
      [{ datasets: [] }, /datasets: expected 1 to 2, got 0/],
      [{ datasets: ['terse'] }, /datasets: .*got terse/],
      [{ datasets: ['alpha', 'alpha'] }, /each once/],
      [
        { parameters: { ...good.parameters, learningRate: 0.5 } },
        /learningRate: expected one of 0.0001, 0.0003, got 0.5/,
      ],
      [{ parameters: { ...good.parameters, method: 'linear' } }, /method: expected no such parameter/],
      [{ parameters: {} }, /learningRate: .* got undefined/],
    ];
    for (const [change, message] of wrong)
      assert.match(faultOfAction(space, { ...good, ...change }) ?? '', message);
    const [model = ''] = merge.models;
    assert.match(faultOfAction(space, { ...merge, models: [model, model] }) ?? '', /each model once/);
    assert.match(faultOfAction(space, { ...merge, models: [model] }) ?? '', /expected 2 to 3, got 1/);
  });

  it('merges two models, no more, by methods of two; and subtracts fewer tasks than it has', () => {
    const [sft, merge] = samplePlan().actions;
    assert.ok(sft !== undefined && merge !== undefined);
    const choices = (...values: readonly (string | number)[]) => ({ kind: 'choices', values }) as const;
    const parameters = {
      ...{ method: choices('slerp', 'taskArithmetic'), t: choices(0.5), lambda: choices(1) },
      subtracted: choices(0, 2),
    };
    const space = spaceOf(samplePlan({ actions: [sft, { ...merge, parameters }] }), rowsOf(4));
    const drawn = Array.from({ length: 200 }, (_, seed) => sampleNewAction(space, 'merge', randomOf(seed)));
    const seen = drawn.map((action) => {
      assert.ok(action);
      const { method, subtracted = 0 } = action.parameters;
      return `${String(method)} of ${String(action.models.length)}, ${String(subtracted)} subtracted`;
    });
    assert.deepEqual([...new Set(seen)].sort(), [
      'slerp of 2, 0 subtracted',
      'taskArithmetic of 2, 0 subtracted',
      'taskArithmetic of 3, 0 subtracted',
      'taskArithmetic of 3, 2 subtracted',
    ]);
    const models = [0, 1, 2].map(sampleStageId);
    const fault = (action: Pick<Action, 'models' | 'parameters'>) =>
      faultOfAction(space, { kind: 'merge', datasets: [], ...action });
    assert.equal(
      fault({ models, parameters: { method: 'slerp', t: 0.5 } }),
      'models: expected exactly 2 for slerp, got 3',
    );
    assert.equal(
      fault({
        models: models.slice(1),
        parameters: { method: 'taskArithmetic', lambda: 1, subtracted: 2 },
      }),
      'subtracted: expected fewer than the 2 models, got 2',
    );
  });

  it('draws ranges within bounds at three significant digits, on a log scale evenly over decades', () => {
    const range = { kind: 'range', low: 1e-6, high: 1e-2, scale: 'log', integer: false } as const;
    const [sft] = samplePlan().actions;
    assert.ok(sft);
    const plan = samplePlan({
      actions: [{ ...sft, parameters: { ...sft.parameters, learningRate: range } }],
    });
    const random = randomOf('range');
    const drawn = Array.from({ length: 2000 }, () => {
      const action = sampleAction(spaceOf(plan), 'sft', random);
      return Number(action?.parameters['learningRate']);
    });
    assert.ok(
      drawn.every((value) => value >= 1e-6 && value <= 1e-2 && Number(value.toPrecision(3)) === value),
    );
    const low = drawn.filter((value) => value < 1e-4).length;
    assert.ok(low > 900 && low < 1100, String(low));
  });
});
