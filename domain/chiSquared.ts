/**
 * The upper tail of the chi-squared distribution: the chance of a statistic of at least `statistic` with `freedom` degrees
 * of freedom. Q(x²|v) = Q(v/2, x²/2) (Abramowitz and Stegun 1964, 26.4.19; Numerical Recipes, 3rd ed., 6.14.8).
 */
export function chiSquaredTail(statistic: number, freedom: number): number {
  if (!(freedom > 0) || !(statistic >= 0))
    throw new RangeError(
      `chi-squared: expected a statistic of at least 0 and degrees of freedom above 0, got ${String(statistic)} and ${String(freedom)}`,
    );
  return upperGamma(freedom / 2, statistic / 2);
}

const EPSILON = 1e-16;
const MOST_TERMS = 10_000;

/** The regularised upper incomplete gamma function Q(a, x) = Γ(a, x) / Γ(a) (Numerical Recipes, 6.2.3); a > 0, x >= 0. */
export function upperGamma(a: number, x: number): number {
  if (x === 0) return 1;
  return x < a + 1 ? 1 - lowerSeries(a, x) : upperFraction(a, x);
}

/** P(a, x) by its series (Numerical Recipes, 6.2.5; Abramowitz and Stegun, 6.5.29). Fast for x < a + 1. */
function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < MOST_TERMS && Math.abs(term) > Math.abs(sum) * EPSILON; n += 1) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * prefactor(a, x);
}

/** Q(a, x) by its continued fraction (Numerical Recipes, 6.2.7; A. and S., 6.5.31), by Lentz's method (5.2.7). */
function upperFraction(a: number, x: number): number {
  const tiny = Number.MIN_VALUE / EPSILON;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let product = d;
  for (let i = 1; i < MOST_TERMS; i += 1) {
    const factor = -i * (i - a);
    b += 2;
    d = 1 / nonZero(factor * d + b, tiny);
    c = nonZero(b + factor / c, tiny);
    product *= d * c;
    if (Math.abs(d * c - 1) < EPSILON * 10) break;
  }
  return product * prefactor(a, x);
}

function nonZero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

/** e^-x x^a / Γ(a). */
function prefactor(a: number, x: number): number {
  return Math.exp(-x + a * Math.log(x) - logGamma(a));
}

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Γ(a), a > 0, by Lanczos' approximation (Numerical Recipes, 6.1.5) with g = 7 and nine terms. */
export function logGamma(a: number): number {
  if (a < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * a)) - logGamma(1 - a);
  const t = a + 6.5;
  const [first = 0, ...rest] = LANCZOS;
  const sum = rest.reduce((total, term, index) => total + term / (a + index), first);
  return 0.5 * Math.log(2 * Math.PI) + (a - 0.5) * Math.log(t) - t + Math.log(sum);
}
