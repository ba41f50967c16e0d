import assert from 'node:assert/strict';
import { orderVerdict, scaleJobs, scaleLabel } from './scale.js';
import { sampleStageId } from './samples.js';

const gap = (low: number, high: number) => ({ value: (low + high) / 2, low, high });
const [UP, DOWN, UNSURE] = [gap(0.01, 0.2), gap(-0.2, -0.01), gap(-0.01, 0.2)];

describe('the order of two pipelines', () => {
  it('is kept or reversed only where both gaps exclude 0', () => {
    assert.equal(orderVerdict(UP, UP), 'kept');
    assert.equal(orderVerdict(DOWN, DOWN), 'kept');
    assert.equal(orderVerdict(UP, DOWN), 'reversed');
    for (const [before, after] of [
      [UNSURE, UP],
      [UP, UNSURE],
      [UNSURE, UNSURE],
      [UP, gap(0, 0.3)],
      [gap(0, 0), DOWN],
    ] as const)
      assert.equal(orderVerdict(before, after), 'notDistinguishable');
  });
});

describe('a scale study', () => {
  it('has a label that its substitutions make', () => {
    assert.equal(scaleLabel({ top: 3, factor: 2, base: null }), 'data-x2-top3');
    assert.equal(scaleLabel({ top: 1, factor: 0.5, base: 'ab'.repeat(32) }), 'data-x0.5-base-abababab-top1');
  });

  it('scores a model once that stands on both sides', () => {
    const training = { original: [], scaled: [] };
    const [base, before, after] = [0, 1, 2].map(sampleStageId) as [string, string, string];
    const jobs = scaleJobs(
      {
        pipelines: [
          { trial: 0, label: 'base', original: base, scaled: base, training },
          { trial: 4, label: 'four', original: before, scaled: after, training },
        ],
      },
      () => ({}),
    );
    assert.deepEqual(
      jobs.map(({ name, stageId }) => [name, stageId]),
      [
        ['t0000-original', base],
        ['t0004-original', before],
        ['t0004-scaled', after],
      ],
    );
  });
});
