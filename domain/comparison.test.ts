import assert from 'node:assert/strict';
import { comparisonsWithBest, isIndistinguishable } from './comparison.js';
import { sampleProposal, sampleResult } from './samples.js';
import type { TrialRecord } from './trial.js';

const row = (
  trial: number,
  score: number | null,
  standardError = 0.02,
  more: Partial<TrialRecord> = {},
): TrialRecord => ({
  ...{
    schemaVersion: 1,
    ...sampleProposal(trial, 'policy'),
    ...sampleResult(trial, score ?? 0),
    sequence: trial,
  },
  ...{ score, standardError: score === null ? null : standardError, feasible: score !== null, ...more },
});

describe('comparisons with the best trial', () => {
  it('use the standard errors of both, as of independent samples', () => {
    const found = comparisonsWithBest([row(1, 0.5, 0.03), row(2, 0.6, 0.04), row(3, 0.4)], new Map());
    assert.equal(found?.best, 2);
    const near = found.byTrial.get(1);
    assert.ok(near !== undefined && !near.isPaired);
    assert.ok(Math.abs(near.difference.value + 0.1) < 1e-12);
    assert.ok(Math.abs(near.difference.high - (-0.1 + 1.96 * 0.05)) < 1e-12);
    assert.equal(isIndistinguishable(near), false);
    assert.deepEqual([...found.byTrial.keys()], [1, 3]);
  });

  it('take what is known item by item instead, which can tell more apart', () => {
    const rows = [row(1, 0.55), row(2, 0.6)];
    const loose = comparisonsWithBest(rows, new Map())?.byTrial.get(1);
    const paired = { value: -0.05, low: -0.08, high: -0.02 };
    const sharp = comparisonsWithBest(rows, new Map([[1, paired]]))?.byTrial.get(1);
    assert.ok(loose !== undefined && isIndistinguishable(loose));
    assert.deepEqual(sharp, { difference: paired, isPaired: true });
    assert.equal(isIndistinguishable(sharp), false);
  });

  it('leave out failed trials and other rungs, and are none before anything was scored', () => {
    const rows = [row(1, 0.9, 0.02, { fidelity: 0.25 }), row(2, 0.6), row(3, null)];
    const found = comparisonsWithBest(rows, new Map());
    assert.deepEqual([found?.best, found?.byTrial.size], [2, 0]);
    assert.equal(comparisonsWithBest([row(3, null)], new Map()), null);
    assert.equal(comparisonsWithBest([], new Map()), null);
  });
});
