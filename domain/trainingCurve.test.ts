import assert from 'node:assert/strict';
import { sampleCurve } from './samples.js';
import { keptPlaces, lossEnds, thinned } from './trainingCurve.js';

describe('a training curve', () => {
  it('is thinned to its ends and to even places between them', () => {
    assert.deepEqual(keptPlaces(3, 5), [0, 1, 2]);
    assert.deepEqual(keptPlaces(0, 5), []);
    assert.deepEqual(keptPlaces(9, 5), [0, 2, 4, 6, 8]);
    for (const count of [6, 7, 100, 12_345]) {
      const places = keptPlaces(count, 5);
      assert.deepEqual([places.length, places[0], places.at(-1)], [5, 0, count - 1]);
      assert.deepEqual([...new Set(places)], places);
    }
  });

  it('keeps its columns as long as its steps, and says how many steps there were', () => {
    const thin = thinned(
      sampleCurve(100, { rewardMargin: Array.from({ length: 100 }, (_, i) => i / 100) }),
      10,
    );
    assert.deepEqual(
      [thin.logged, thin.step.length, thin.loss.length, thin.rewardMargin?.length],
      [100, 10, 10, 10],
    );
    assert.deepEqual([thin.step[0], thin.step.at(-1), thin.rewardMargin?.at(-1)], [1, 100, 0.99]);
    assert.ok(!('reward' in thin));
  });

  it('has a first and a last loss where any was finite', () => {
    const curve = sampleCurve(3);
    assert.deepEqual(lossEnds({ ...curve, loss: [null, 2, 1] }), [2, 1]);
    assert.deepEqual(lossEnds({ ...curve, loss: [3, null, null] }), [3, 3]);
    assert.equal(lossEnds({ ...curve, loss: [null, null, null] }), null);
  });
});
