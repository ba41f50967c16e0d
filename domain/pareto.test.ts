import assert from 'node:assert/strict';
import fc from 'fast-check';
import { COST, frontOf, tradeoffs, type Point } from './pareto.js';
import { pipelineCosts } from './pipelineCost.js';
import { samplePlan, sampleProposal, sampleResult, sampleStageId } from './samples.js';
import type { Action, TrialRecord } from './trial.js';

const points = fc.array(
  fc.record({ first: fc.integer({ min: 0, max: 5 }), second: fc.integer({ min: 0, max: 5 }) }),
  { minLength: 1, maxLength: 12 },
);
const dominates = (a: Point, b: Point): boolean =>
  a.first >= b.first && a.second >= b.second && (a.first !== b.first || a.second !== b.second);

describe('a Pareto front', () => {
  it('is never empty, holds nothing dominated, and dominates all the rest', () => {
    fc.assert(
      fc.property(points, (all) => {
        const front = frontOf(all);
        assert.ok(front.size > 0);
        for (const one of all) assert.equal(front.has(one), !all.some((other) => dominates(other, one)));
      }),
    );
  });
});

/** GPU-seconds of the build of each sample trial: 3, of which 1 was lost. */
function row(trial: number, score: number | null, parents: readonly number[] = []): TrialRecord {
  const action: Action = { kind: 'sft', datasets: [], parameters: {}, models: parents.map(sampleStageId) };
  const judged = { score, standardError: score === null ? null : 0.02, feasible: trial % 2 === 0 };
  const result = sampleResult(trial, score ?? 0);
  const stages = trial === 0 ? [] : result.stages;
  return {
    ...{ schemaVersion: 1, ...sampleProposal(trial, 'policy'), ...result, stages, ...judged },
    ...{ action: trial === 0 ? null : action, sequence: trial },
  };
}

describe('what a pipeline costs', () => {
  it('counts every stage that leads to it once, without what was lost', () => {
    const costs = pipelineCosts([
      row(0, 0.4),
      row(1, 0.5, [0]),
      row(2, 0.5, [0]),
      row(3, 0.6, [1, 2]),
      row(4, 0.6, [3, 1]),
    ]);
    assert.deepEqual(
      [0, 1, 3, 4].map((trial) => costs.get(sampleStageId(trial))),
      [0, 2, 6, 8],
    );
  });
});

describe('the trade-offs', () => {
  const rows = [row(0, 0.4), row(1, 0.6, [0]), row(2, 0.5, [0]), row(3, null, [1])];

  it('are the score against what is watched or constrained, and against the cost', () => {
    const found = tradeoffs(samplePlan(), rows);
    assert.deepEqual(
      found.map(({ name, front }) => [name, [...front]]),
      [
        ['guard', [1, 2]],
        [COST, [0, 1]],
      ],
    );
  });

  it('keep infeasible trials and leave out failed ones', () => {
    const [guard] = tradeoffs(samplePlan(), rows);
    assert.deepEqual([...(guard?.points.keys() ?? [])], [0, 1, 2]);
  });
});
