import assert from 'node:assert/strict';
import fc from 'fast-check';
import { apportion, evenly, largestMixture } from './apportion.js';

describe('proportions of a mixture', () => {
  it('are kept to a row, and the rows add up', () => {
    assert.deepEqual(apportion([3, 1], 8), [6, 2]);
    assert.deepEqual(apportion([1, 1, 1], 10), [4, 3, 3]);
    const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(weights, fc.nat(10_000), (given, total) => {
        const counts = apportion(given, total);
        const sum = given.reduce((all, one) => all + one, 0);
        assert.equal(
          counts.reduce((all, one) => all + one, 0),
          total,
        );
        counts.forEach((count, at) => assert.ok(Math.abs(count - (total * (given[at] ?? 0)) / sum) < 1));
      }),
    );
  });

  it('allow as many rows as the scarcest source has', () => {
    assert.equal(largestMixture([1, 1], [10, 100]), 20);
    assert.equal(largestMixture([3, 1], [30, 100]), 40);
    assert.equal(largestMixture([0.9, 0.1], [1, 1000]), 1);
  });

  it('hold at every place: no source is more than a row ahead of its share or behind it', () => {
    assert.deepEqual([...evenly([4, 2])], [0, 1, 0, 0, 1, 0]);
    fc.assert(
      fc.property(fc.array(fc.nat(50), { minLength: 1, maxLength: 5 }), (counts) => {
        const total = counts.reduce((all, one) => all + one, 0);
        const given = counts.map(() => 0);
        let place = 0;
        for (const at of evenly(counts)) {
          given[at] = (given[at] ?? 0) + 1;
          place += 1;
          counts.forEach((count, source) =>
            assert.ok(Math.abs((given[source] ?? 0) - (place * count) / total) <= counts.length),
          );
        }
        assert.deepEqual(given, counts);
      }),
    );
  });
});
