import assert from 'node:assert/strict';
import { fastIntegers } from './fastRandom.js';
import { normalQuantile } from './normal.js';
import { pairedLowerLimit, wilson } from './proportions.js';
import { Z95 } from './statistics.js';

describe("Wilson's interval", () => {
  it("has Newcombe's published values (1998, Statistics in Medicine 17:857, table I)", () => {
    for (const [right, items, low, high] of [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const)
      assert.deepEqual(
        wilson(right, items, Z95).map((end) => Number(end.toFixed(4))),
        [low, high],
      );
  });

  it('is everything without items', () => {
    assert.deepEqual(wilson(0, 0, Z95), [0, 1]);
  });
});

describe('the paired limit', () => {
  it("has Tango's published interval for 1 gained and 7 lost of 21 (Fagerland, Lydersen, Laake 2014)", () => {
    const low = pairedLowerLimit({ gained: 1, lost: 7, items: 21 }, Z95);
    const high = -pairedLowerLimit({ gained: 7, lost: 1, items: 21 }, Z95);
    assert.deepEqual([low.toFixed(3), high.toFixed(3)], ['-0.517', '-0.026']);
  });

  it('is not zero wide where no item differs: the closed form is -z²/(n + z²)', () => {
    const limit = pairedLowerLimit({ gained: 0, lost: 0, items: 64 }, 1.6449);
    assert.ok(Math.abs(limit + 1.6449 ** 2 / (64 + 1.6449 ** 2)) < 1e-9);
  });

  it('agrees with the test of McNemar: it reaches 0 where that statistic reaches the quantile', () => {
    const z = 7 / Math.sqrt(13); // 10 gained, 3 lost
    assert.ok(Math.abs(pairedLowerLimit({ gained: 10, lost: 3, items: 80 }, z)) < 1e-9);
  });

  it('falls with every item lost and rises with every item gained', () => {
    const limits = [0, 1, 2, 5, 20].map((lost) => pairedLowerLimit({ gained: 3, lost, items: 64 }, 1.64));
    assert.deepEqual(
      limits,
      [...limits].sort((a, b) => b - a),
    );
    assert.ok(
      pairedLowerLimit({ gained: 4, lost: 1, items: 64 }, 1.64) >
        pairedLowerLimit({ gained: 3, lost: 1, items: 64 }, 1.64),
    );
  });

  it('accepts a model at the margin hardly more often than it says, where few items differ too', () => {
    const z = normalQuantile(0.95);
    for (const [items, margin, gains] of [
      [64, 0.05, 0],
      [64, 0.05, 0.1],
      [128, 0.02, 0.03],
      [128, 0.05, 0.03],
    ] as const) {
      const accepted = simulated(2000, `${String(items)} ${String(gains)}`, { items, margin, gains }).filter(
        (of) => pairedLowerLimit({ ...of, items }, z) >= -margin,
      ).length;
      // Four standard errors of 2000 draws above 5 %, and a point for the approximation.
      assert.ok(accepted / 2000 < 0.05 + 4 * 0.0049 + 0.01, `${String(accepted)} of 2000`);
    }
  });
});

/** Data sets of a candidate that is worse than the base by exactly the margin. */
function simulated(
  sets: number,
  seed: string,
  { items, margin, gains }: { readonly items: number; readonly margin: number; readonly gains: number },
): readonly { readonly gained: number; readonly lost: number }[] {
  const integer = fastIntegers(`at the margin ${seed}`);
  return Array.from({ length: sets }, () => {
    let gained = 0;
    let lost = 0;
    for (let item = 0; item < items; item += 1) {
      const draw = integer(1_000_000) / 1_000_000;
      if (draw < gains) gained += 1;
      else if (draw < 2 * gains + margin) lost += 1;
    }
    return { gained, lost };
  });
}
