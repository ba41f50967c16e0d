import assert from 'node:assert/strict';
import fc from 'fast-check';
import { timesTaken } from './drawing.js';

const taken = (rows: number, count: number, seed = '1', dataset = 'alpha'): readonly number[] =>
  Array.from(Array(rows).keys(), timesTaken(rows, count, { seed, dataset }));

describe('drawing rows', () => {
  it('takes just so many, and of a larger number every row of a smaller one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(120), fc.nat(120), (rows, one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        const [few, many] = [taken(rows, less), taken(rows, more)];
        assert.equal(
          few.reduce((sum, times) => sum + times, 0),
          less,
        );
        assert.ok(few.every((times, row) => times <= (many[row] ?? 0)));
        assert.ok(Math.max(...many) - Math.min(...many) <= 1, 'no row twice before all came once');
      }),
    );
  });

  it('follows from seed and dataset alone; another of either draws others', () => {
    assert.deepEqual(taken(100, 10), taken(100, 10));
    assert.notDeepEqual(taken(100, 10), taken(100, 10, '2'));
    assert.notDeepEqual(taken(100, 10), taken(100, 10, '1', 'beta'));
  });

  it('is frozen: other draws would be other datasets under the same id', () => {
    const places = taken(20, 5).flatMap((times, row) => (times > 0 ? [row] : []));
    assert.deepEqual(places, FROZEN);
  });

  it('prefers no part of the file', () => {
    const halves = taken(10_000, 2000).slice(0, 5000);
    const first = halves.reduce((sum, times) => sum + times, 0);
    assert.ok(Math.abs(first - 1000) < 100, String(first));
  });
});

const FROZEN = [1, 2, 8, 16, 18];
