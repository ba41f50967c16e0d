import { mean } from '../../domain/statistics.js';

/** A figure at a moment, in seconds. */
export interface Reading {
  readonly seconds: number;
  readonly value: number;
}

/** How a figure moved once all was warm, by a line through the means of equal parts of that time. */
export interface Trend {
  readonly start: number;
  /** What it gained from the first part to the last, with a two-sided 95 % interval. */
  readonly gain: number;
  readonly low: number;
  readonly high: number;
}

/** The share of the time in which caches fill and code is compiled; it is left out. */
export const WARM_UP = 0.25;
const PARTS = 10;
/** Student's t, 97.5 %, for the 8 degrees of freedom that a line through ten points leaves. */
const T = 2.306;

/** Readings of processes that live minutes hang together; means of parts longer than that hardly do. */
export function trendOf(readings: readonly Reading[]): Trend {
  const means = parts(readings);
  const places = means.map((_, place) => place);
  const [x, y] = [mean(places), mean(means)];
  const spread = places.reduce((sum, place) => sum + (place - x) ** 2, 0);
  const slope = means.reduce((sum, value, place) => sum + (place - x) * (value - y), 0) / spread;
  const rest = means.reduce((sum, value, place) => sum + (value - y - slope * (place - x)) ** 2, 0);
  const error = Math.sqrt(rest / (means.length - 2) / spread);
  const whole = means.length - 1;
  return {
    start: means[0] ?? Number.NaN,
    gain: slope * whole,
    low: (slope - T * error) * whole,
    high: (slope + T * error) * whole,
  };
}

/** It grew: more than a tenth of what it was at the start, and more than the scatter explains. */
export function grew({ start, gain, low }: Trend): boolean {
  return low > 0 && gain > 0.1 * start;
}

function parts(readings: readonly Reading[]): readonly number[] {
  const times = readings.map(({ seconds }) => seconds);
  const to = Math.max(...times);
  const from = Math.min(...times) + WARM_UP * (to - Math.min(...times));
  const place = (seconds: number): number =>
    Math.min(PARTS - 1, Math.floor((PARTS * (seconds - from)) / (to - from)));
  return Array.from({ length: PARTS }, (_, index) => {
    const inside = readings.filter(({ seconds }) => seconds >= from && place(seconds) === index);
    if (inside.length === 0)
      throw new Error(
        `readings: expected some in each tenth of the time, got none in number ${String(index + 1)}.`,
      );
    return mean(inside.map(({ value }) => value));
  });
}
