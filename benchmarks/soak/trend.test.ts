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
    assert.ok(Math.abs(trend.gain - 54) < 4, String(trend.gain));
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

  it('refuses what has no readings for a part of the time', () => {
    const gap = readings(1, 0, 0).filter(({ seconds }) => seconds < 100 || seconds > 300);
    assert.throws(() => trendOf(gap), /expected some in each tenth/);
  });
});
