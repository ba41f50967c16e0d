import assert from 'node:assert/strict';
import { judge, ranking, unmetConstraints } from './ranking.js';
import { samplePlan } from './samples.js';
import type { Plan } from './plan.js';
import type { BenchmarkScore } from './trial.js';

const of = (score: number, standardError = 0.1): BenchmarkScore => ({
  stageId: '',
  score,
  standardError,
  items: 9,
});

function planWith(weights: readonly number[], constraints: Plan['constraints'] = []): Plan {
  const [first] = samplePlan().benchmarks;
  assert.ok(first);
  const benchmarks = weights.map((weight, index) => ({ ...first, name: `b${String(index)}`, weight }));
  return samplePlan({ benchmarks, constraints });
}

describe('judging', () => {
  it('takes the weighted mean and its standard error, whatever the scale of the weights', () => {
    const scores = { b0: of(0.2, 0.03), b1: of(0.6, 0.04) };
    for (const scale of [1, 10]) {
      const { score, standardError } = judge(planWith([3 * scale, scale]), scores, {});
      assert.ok(Math.abs((score ?? 0) - 0.3) < 1e-12);
      assert.ok(Math.abs((standardError ?? 0) - Math.hypot(0.75 * 0.03, 0.25 * 0.04)) < 1e-12);
    }
  });

  it('leaves benchmarks of weight 0 out of the score', () => {
    assert.equal(judge(planWith([1, 0]), { b0: of(0.5), b1: of(0) }, {}).score, 0.5);
  });

  it('never takes a missing score for 0', () => {
    const judged = judge(planWith([1, 1]), { b0: of(0.5) }, {});
    assert.deepEqual(judged, { score: null, standardError: null, feasible: false });
  });

  it('meets a constraint relative to the base at the margin itself, rounding aside', () => {
    const plan = planWith([1, 0], [{ benchmark: 'b1', relativeToBase: true, bound: -0.02 }]);
    const feasible = (score: number) => judge(plan, { b0: of(1), b1: of(score) }, { b1: of(0.86) }).feasible;
    assert.equal(feasible(0.86 - 0.02), true);
    assert.equal(feasible(0.84), true);
    assert.equal(feasible(0.8399), false);
  });

  it('does not meet a constraint whose benchmark or base has no score', () => {
    const plan = planWith([1, 0], [{ benchmark: 'b1', relativeToBase: true, bound: 0 }]);
    assert.equal(unmetConstraints(plan, { b1: of(1) }, {}).length, 1);
    assert.equal(unmetConstraints(plan, {}, { b1: of(0) }).length, 1);
  });
});

describe('the ranking', () => {
  it('puts feasible rows first, then higher scores, then earlier trials; unscored rows are left out', () => {
    const row = (trial: number, score: number | null, feasible: boolean) => ({ trial, score, feasible });
    const rows = [
      row(1, 0.9, false),
      row(2, 0.5, true),
      row(3, null, false),
      row(5, 0.7, true),
      row(4, 0.7, true),
    ];
    assert.deepEqual(
      ranking(rows).map(({ trial }) => trial),
      [4, 5, 2, 1],
    );
  });
});
