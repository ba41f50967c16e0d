import assert from 'node:assert/strict';
import fc from 'fast-check';
import { rankCorrelation, type Pair } from './rankCorrelation.js';
import { rungCorrelations } from './rungCorrelation.js';
import { sampleProposal, sampleResult, sampleStageId } from './samples.js';
import type { TrialRecord } from './trial.js';

const near = (actual: number | null, expected: number): void => {
  assert.ok(
    actual !== null && Math.abs(actual - expected) < 1e-9,
    `${String(actual)} is not ${String(expected)}`,
  );
};
const zip = (left: readonly number[], right: readonly number[]): readonly Pair[] =>
  left.map((value, index) => [value, right[index] ?? 0]);

describe('rank correlation', () => {
  it("equals SciPy's figures, ties included", () => {
    near(rankCorrelation(zip([12, 2, 1, 12, 2], [1, 4, 7, 1, 0])).kendall, -0.4714045207910316);
    near(rankCorrelation(zip([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).spearman, 0.8207826816681233);
  });

  it('says too few instead of an interval below ten pairs, and nothing of equal values', () => {
    const nine = Array.from({ length: 9 }, (_, i): Pair => [i, (i * 4) % 9]);
    assert.equal(rankCorrelation(nine).intervals, null);
    assert.deepEqual(rankCorrelation(zip([1, 1, 1], [1, 2, 3])), {
      ...{ n: 3, spearman: null, kendall: null, intervals: null },
    });
    assert.equal(rankCorrelation([]).kendall, null);
  });

  it('gives intervals that hold the value, within -1 and 1, and narrow with more pairs', () => {
    const pairs = (n: number): readonly Pair[] => Array.from({ length: n }, (_, i): Pair => [i, (i * 7) % n]);
    const width = (n: number): number => {
      const interval = rankCorrelation(pairs(n)).intervals?.spearman;
      return interval === undefined ? 0 : interval.high - interval.low;
    };
    assert.ok(width(11) > width(101));
    const scores = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 })), {
      minLength: 10,
    });
    fc.assert(
      fc.property(scores, (drawn) => {
        const { spearman, kendall, intervals } = rankCorrelation(drawn);
        if (spearman === null || kendall === null || intervals === null) return;
        for (const { value, low, high } of [intervals.spearman, intervals.kendall])
          assert.ok(low >= -1 && high <= 1 && low <= value + 1e-5 && value <= high + 1e-5);
        assert.ok(Math.abs(spearman) <= 1 + 1e-9 && Math.abs(kendall) <= 1 + 1e-9);
      }),
    );
  });
});

describe('the correlation of rungs', () => {
  const row = (trial: number, recipe: number, fidelity: number, score: number): TrialRecord => ({
    ...{
      schemaVersion: 1,
      ...sampleProposal(trial, 'policy'),
      ...sampleResult(trial, score),
      sequence: trial,
    },
    ...{ score, standardError: 0.1, feasible: true, fidelity, recipeId: sampleStageId(recipe) },
    action: { kind: 'sft', models: [], datasets: [], parameters: {} },
  });

  it('pairs the pipelines that were scored on both rungs, neighbours first, then the ends', () => {
    const rows = [
      ...[1, 2, 3, 4].map((recipe) => row(recipe, recipe, 0.25, recipe / 10)),
      ...[2, 3, 4].map((recipe) => row(10 + recipe, recipe, 0.5, recipe / 10)),
      ...[3, 4].map((recipe) => row(20 + recipe, recipe, 1, 1 - recipe / 10)),
    ];
    const found = rungCorrelations({ rungs: [0.25, 0.5, 1], reduction: 2 }, rows);
    assert.deepEqual(
      found.map(({ lower, higher, n, kendall }) => [lower, higher, n, kendall]),
      [
        [0.25, 0.5, 3, 1],
        [0.5, 1, 2, -1],
        [0.25, 1, 2, -1],
      ],
    );
  });
});
