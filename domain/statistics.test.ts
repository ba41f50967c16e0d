import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fastIntegers } from './fastRandom.js';
import { bootstrapMean, normalInterval, pairedDifference, quantile } from './statistics.js';

const coin = (label: string, p: number, n: number): readonly number[] => {
  const integer = fastIntegers(label);
  return Array.from({ length: n }, () => (integer(1000) < 1000 * p ? 1 : 0));
};

describe('the bootstrap', () => {
  it('gives the point estimate and an interval round it, the same for the same seed', () => {
    const parts = [{ share: 1, items: coin('x', 0.4, 200) }];
    const one = bootstrapMean(parts, 's');
    assert.deepEqual(bootstrapMean(parts, 's'), one);
    assert.ok(one.low < one.value && one.value < one.high);
    const classic = 1.96 * Math.sqrt((one.value * (1 - one.value)) / 200);
    assert.ok(Math.abs(one.high - one.low - 2 * classic) < 0.02);
  });

  it('covers the truth about as often as it says', () => {
    const covers = Array.from({ length: 200 }, (_, i) =>
      bootstrapMean([{ share: 1, items: coin(`c${String(i)}`, 0.5, 100) }], String(i)),
    ).filter(({ low, high }) => low <= 0.5 && 0.5 <= high).length;
    assert.ok(covers >= 180 && covers <= 199, String(covers));
  }).timeout(60_000);

  it('of pairs is narrower than of unpaired scores when the models agree on most items', () => {
    const base = coin('base', 0.5, 200);
    const pairs = base.map((score, i) => [i % 20 === 0 ? 1 : score, score] as const);
    const paired = pairedDifference([{ share: 1, pairs }], 's');
    const alone = bootstrapMean([{ share: 1, items: base }], 's');
    assert.ok(paired.high - paired.low < (alone.high - alone.low) / 2);
  });

  it('is zero wide for equal models, and ignores benchmarks without weight', () => {
    const pairs = coin('y', 0.5, 50).map((score) => [score, score] as const);
    const worse = [[0, 1]] as const;
    const { value, low, high } = pairedDifference(
      [
        { share: 1, pairs },
        { share: 0, pairs: worse },
      ],
      's',
    );
    assert.deepEqual([value, low, high], [0, 0, 0]);
  });
});

describe('a quantile', () => {
  it('interpolates between neighbours and stays within the values', () => {
    assert.equal(quantile([0, 10], 0.25), 2.5);
    const values = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (unsorted, q) => {
        const sorted = [...unsorted].sort((a, b) => a - b);
        const found = quantile(sorted, q);
        assert.ok(found >= (sorted[0] ?? 0) - 1e-12 && found <= (sorted.at(-1) ?? 0) + 1e-12);
      }),
    );
  });
});

describe('the interval in tables', () => {
  it('stays within [0, 1]', () => {
    assert.deepEqual(normalInterval(0.99, 0.1)[1], 1);
    assert.deepEqual(normalInterval(0.01, 0.1)[0], 0);
  });
});
