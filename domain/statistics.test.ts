import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fastIntegers } from './fastRandom.js';
import { bootstrapMean, normalInterval, pairedDifference, quantile, scoreEstimate } from './statistics.js';

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
  });

  it('of pairs is narrower than of unpaired scores when the models agree on most items', () => {
    const base = coin('base', 0.5, 200);
    const pairs = base.map((score, i) => [i % 20 === 0 ? 1 : score, score] as const);
    const paired = pairedDifference([{ share: 1, pairs }], 's');
    const alone = bootstrapMean([{ share: 1, items: base }], 's');
    assert.ok(paired.high - paired.low < (alone.high - alone.low) / 2);
  });

  it('is wider where items come in clusters, and the same where each stands alone', () => {
    const pairs = coin('z', 0.5, 200).map((score, i) => [Math.floor(i / 20) % 2, score] as const);
    const of = (clusters: readonly string[] | null) => pairedDifference([{ share: 1, pairs, clusters }], 's');
    const alone = of(null);
    const clustered = of(pairs.map((_, item) => String(Math.floor(item / 20))));
    assert.ok(clustered.high - clustered.low > 1.5 * (alone.high - alone.low));
    assert.deepEqual(of(pairs.map((_, item) => String(item))), alone);
  });

  it('calls a gain of nothing a gain in hardly more than 2.5 of 100 searches', () => {
    const integer = fastIntegers('no gain');
    const found = Array.from({ length: 200 }, (_, set) => {
      const parts = Array.from({ length: 4 }, () => ({
        share: 0.25,
        pairs: Array.from({ length: 50 }, () => {
          const draw = integer(100);
          return draw < 8 ? ([1, 0] as const) : draw < 16 ? ([0, 1] as const) : ([1, 1] as const);
        }),
      }));
      return pairedDifference(parts, String(set)).low > 0;
    }).filter(Boolean).length;
    // 2.5 % and three standard errors of 200 draws, and half a point for the percentile method.
    assert.ok(found <= 200 * 0.03 + 3 * Math.sqrt(200 * 0.025 * 0.975), String(found));
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

describe('a score', () => {
  it("has Wilson's interval for one benchmark of right and wrong items, else the bootstrap's", () => {
    const items = [...Array.from({ length: 81 }, () => 1), ...Array.from({ length: 182 }, () => 0)];
    const { low, high } = scoreEstimate([{ share: 1, items }], 's');
    assert.deepEqual([low.toFixed(4), high.toFixed(4)], ['0.2553', '0.3662']);
    const two = [
      { share: 0.5, items },
      { share: 0.5, items },
    ];
    assert.deepEqual(scoreEstimate(two, 's'), bootstrapMean(two, 's'));
    const clusters = items.map((_, item) => String(item % 40));
    const clustered = [{ share: 1, items, clusters }];
    assert.deepEqual(scoreEstimate(clustered, 's'), bootstrapMean(clustered, 's'));
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
