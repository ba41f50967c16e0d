import assert from 'node:assert/strict';
import { chiSquaredTail, logGamma, upperGamma } from './chiSquared.js';

const near = (got: number, expected: number, relative = 1e-12): void => {
  assert.ok(
    Math.abs(got - expected) <= relative * Math.abs(expected),
    `${String(got)}, not ${String(expected)}`,
  );
};

describe('the chi-squared distribution', () => {
  it('has the critical values of the tables (Abramowitz and Stegun 1964, table 26.8)', () => {
    for (const [statistic, freedom, tail] of [
      [3.84146, 1, 0.05],
      [5.99146, 2, 0.05],
      [7.81473, 3, 0.05],
      [18.307, 10, 0.05],
      [124.342, 100, 0.05],
      [10.8276, 1, 0.001],
      [20.515, 5, 0.001],
      [2.15586, 10, 0.995],
    ] as const)
      near(chiSquaredTail(statistic, freedom), tail, 2e-4);
  });

  it('agrees with 30-digit arithmetic (mpmath), both where the series and where the fraction is used', () => {
    for (const [statistic, freedom, tail] of [
      [0.5, 1, 0.47950012218695346],
      [2.5, 10, 0.99087572078160473],
      [50, 100, 0.99999304669475238],
      [400, 100, 1.6927979958857088e-37],
      [1000, 3, 1.7994208765314477e-216],
      [0.000001, 1, 0.99920211557217787],
    ] as const)
      near(chiSquaredTail(statistic, freedom), tail);
  });

  it('is e^(-x/2) for two degrees of freedom, and 1 at 0', () => {
    for (const x of [0.01, 1, 3, 20, 600]) near(chiSquaredTail(x, 2), Math.exp(-x / 2));
    for (const freedom of [1, 2, 37]) assert.equal(chiSquaredTail(0, freedom), 1);
  });

  it('meets itself where the series gives way to the fraction', () => {
    for (const a of [0.5, 3, 40]) near(upperGamma(a, a + 1 - 1e-9), upperGamma(a, a + 1), 1e-8);
  });

  it('rests on a gamma function good to 13 digits', () => {
    near(logGamma(0.1), 2.252712651734206, 1e-13);
    near(logGamma(2.5), 0.28468287047291916, 1e-13);
    near(logGamma(171.2), 707.60092684767014, 1e-13);
  });

  it('refuses what is no statistic', () => {
    assert.throws(() => chiSquaredTail(-1, 2), /expected a statistic of at least 0/);
    assert.throws(() => chiSquaredTail(Number.NaN, 2), /got NaN and 2/);
    assert.throws(() => chiSquaredTail(1, 0), /degrees of freedom above 0/);
  });
});
