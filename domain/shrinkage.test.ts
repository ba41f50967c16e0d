import assert from 'node:assert/strict';
import { fastIntegers } from './fastRandom.js';
import { expectedMaximum, normalQuantile } from './normal.js';
import { fourWay, fourWayText, shrinkageOf, shrinkageText } from './shrinkage.js';

const at = (value: number) => ({ value, low: value - 0.1, high: value + 0.1 });
const score = { trial: 3, search: at(0.5), confirm: at(0.46), test: at(0.44) };

describe('the four-way ledger', () => {
  it('counts each trial once, without the base, and never more in a later column', () => {
    const rows = [
      { trial: 0, score: 0.4, feasible: true },
      { trial: 1, score: 0.5, feasible: true },
      { trial: 2, score: 0.6, feasible: false },
      { trial: 3, score: null, feasible: false },
    ];
    const counts = fourWay(rows, { finalists: 1, champion: 1 });
    assert.deepEqual(counts, { evaluated: 2, feasible: 1, finalists: 1, champion: 1 });
    assert.equal(fourWayText(counts), '2 evaluated, 1 feasible, 1 finalists, 1 champion');
    assert.equal(fourWay(rows, { finalists: 1, champion: 0 }).champion, 0);
    assert.deepEqual(fourWay(rows, null).finalists, 0);
  });
});

describe('shrinkage', () => {
  it('sets what was lost beside what luck explains', () => {
    const gain = { search: at(0.1), confirm: at(0.09), test: null };
    const found = shrinkageOf(10, 0.02, { score, gain });
    assert.ok(Math.abs(found.expected - 1.53875 * 0.02) < 1e-6);
    assert.ok(Math.abs((found.searchToConfirm ?? 0) - 0.04) < 1e-12);
    assert.ok(Math.abs((found.gainSearchToConfirm ?? 0) - 0.01) < 1e-12);
    assert.equal(found.gainSearchToTest, null);
    const none = { evaluated: 0, feasible: 0, finalists: 0, champion: 1 };
    const figures = { models: [score], gains: [], shrinkage: found, counts: none, constraintsOnTest: [] };
    assert.equal(
      shrinkageText(figures, 3),
      'search 0.5000, confirm 0.4600, test 0.4400; luck alone lifts the best of 10 by up to 0.0308 (1.54 × SE 0.0200)',
    );
    assert.equal(shrinkageText({ ...figures, shrinkage: null }, 3), null);
  });

  it('expects what the best of N equal models loses on fresh items', () => {
    const integer = fastIntegers('equal models');
    const normal = (): number => normalQuantile((integer(2 ** 32) + 0.5) / 2 ** 32);
    const best = Array.from({ length: 400 }, () => Math.max(...Array.from({ length: 20 }, normal)));
    const lost = best.reduce((sum, one) => sum + one, 0) / best.length;
    // The largest of 20 has a standard deviation of 0.525.
    assert.ok(Math.abs(lost - expectedMaximum(20)) < (4 * 0.525) / 20, String(lost));
  });
});
