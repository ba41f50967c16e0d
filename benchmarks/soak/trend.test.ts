import assert from 'node:assert/strict';
import { randomOf } from '../../domain/random.js';
import { grew, trendOf } from './trend.js';

const random = randomOf('trend');
/** 600 readings: a level, what each second adds, and scatter. */
const readings = (level: number, perSecond: number, scatter: number) =>
  Array.from({ length: 600 }, (_, seconds) => ({
    seconds,
    value: level + perSecond * seconds + scatter * (random.real() - 0.5),
  }));

describe('a trend', () => {
  it('finds what grows', () => {
    const trend = trendOf(readings(100, 0.1, 20));
    // From the middle of the first tenth after the warm-up to that of the last one: 0.1 × 0.9 × 450 s.
    assert.ok(Math.abs(trend.gain - 40.5) < 4, String(trend.gain));
    assert.ok(trend.low < trend.gain && trend.gain < trend.high);
    assert.ok(grew(trend));
  });

  it('does not take scatter, nor a tenth more, for growth', () => {
    let wrong = 0;
    for (let turn = 0; turn < 100; turn += 1) if (grew(trendOf(readings(100, 0, 60)))) wrong += 1;
    assert.equal(wrong, 0);
    assert.ok(!grew(trendOf(readings(100, 0.01, 1))));
    assert.ok(!grew(trendOf(readings(100, -0.1, 1))));
  });

  it('leaves out the time in which caches fill', () => {
    const filling = readings(100, 0, 5).map(({ seconds, value }) => ({
      seconds,
      value: seconds < 140 ? value / 2 : value,
    }));
    assert.ok(!grew(trendOf(filling)));
  });

  it('refuses what has no readings for a part of the time', () => {
    const gap = readings(1, 0, 0).filter(({ seconds }) => seconds < 200 || seconds > 400);
    assert.throws(() => trendOf(gap), /expected some in each tenth/);
  });
});
