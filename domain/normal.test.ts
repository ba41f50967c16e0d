import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expectedMaximum, normalCdf, normalQuantile } from './normal.js';

const near = (got: number, expected: number, within: number): void => {
  assert.ok(Math.abs(got - expected) <= within, `expected ${String(expected)}, got ${String(got)}`);
};

describe('the normal distribution', () => {
  it('has the published values, far out too', () => {
    near(normalCdf(0), 0.5, 1e-15);
    near(normalCdf(1), 0.8413447460685429, 1e-13);
    near(normalCdf(-1.96), 0.024997895148220435, 1e-13);
    near(normalCdf(-8) / 6.220960574271786e-16, 1, 1e-6);
    near(normalQuantile(0.975), 1.959963984540054, 1e-10);
    near(normalQuantile(0.95), 1.6448536269514722, 1e-10);
  });

  it('is undone by its quantile', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), (p) => {
        near(normalCdf(normalQuantile(p)), p, 1e-12);
      }),
    );
  });
});

describe('the expected largest of n normal values', () => {
  it('is that of the published tables (Harter 1961)', () => {
    for (const [n, c] of [
      [2, 0.56419],
      [5, 1.16296],
      [10, 1.53875],
      [20, 1.86748],
      [50, 2.24907],
      [100, 2.50759],
    ] as const)
      near(expectedMaximum(n), c, 6e-6);
  });

  it('is 0 where there was no choice, and grows with n up to very many', () => {
    assert.deepEqual([expectedMaximum(0), expectedMaximum(1)], [0, 0]);
    near(expectedMaximum(1_000_000), 4.8636, 1e-3);
  });
});
