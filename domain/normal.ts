/** The standard normal distribution: only what the figures need. */

/** Φ(x), to about 1e-15: Hart's rational approximation (Hart et al. 1968, algorithm 5666, in the form of West 2005). */
export function normalCdf(x: number): number {
  const tail = upperTail(Math.abs(x));
  return x > 0 ? 1 - tail : tail;
}

const NUMERATOR = [
  3.52624965998911e-2, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871,
  221.213596169931, 220.206867912376,
];
const DENOMINATOR = [
  8.83883476483184e-2, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674,
  637.333633378831, 793.826512519948, 440.413735824752,
];

/** 1 - Φ(x) for x ≥ 0; beyond 7.07 a continued fraction. */
function upperTail(x: number): number {
  if (x > 37) return 0;
  const density = Math.exp(-x * x * 0.5);
  if (x < 7.07106781186547) return (density * horner(NUMERATOR, x)) / horner(DENOMINATOR, x);
  const fraction = [4, 3, 2, 1].reduce((below, k) => x + k / below, x + 0.65);
  return density / fraction / 2.506628274631;
}

function horner(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}

/** The x with Φ(x) = p, for p in (0, 1), by bisection. */
export function normalQuantile(p: number): number {
  let low = -40;
  let high = 40;
  for (let step = 0; step < 64; step += 1) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The expected largest of n independent standard normal values, c(n): ∫₀^∞ (1 - Φⁿ) dx - ∫₋∞⁰ Φⁿ dx, by Simpson's rule
 * (David and Nagaraja 2003, Order Statistics, eq. 3.1.1; tables: Harter 1961, Biometrika 48). 0 for n ≤ 1.
 */
export function expectedMaximum(n: number): number {
  if (n <= 1) return 0;
  const below = (x: number): number => normalCdf(x) ** n;
  return simpson((x) => 1 - below(x), 0, 10) - simpson(below, -10, 0);
}

function simpson(f: (x: number) => number, from: number, to: number, steps = 2000): number {
  const width = (to - from) / steps;
  let sum = f(from) + f(to);
  for (let i = 1; i < steps; i += 1) sum += (i % 2 === 1 ? 4 : 2) * f(from + i * width);
  return (sum * width) / 3;
}
