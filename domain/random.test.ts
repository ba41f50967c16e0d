import assert from 'node:assert/strict';
import fc from 'fast-check';
import { randomOf } from './random.js';

describe('the seeded generator', () => {
  it('is frozen: another stream would change every recorded search', () => {
    const random = randomOf('1', 'decision', 7);
    assert.deepEqual(
      [random.integer(1000), random.integer(1000), random.real()],
      [888, 922, 0.5823683121600647],
    );
  });

  it('gives equal streams for equal seeds and others for others', () => {
    const draw = (...parts: readonly (string | number)[]): readonly number[] => {
      const random = randomOf(...parts);
      return Array.from({ length: 20 }, () => random.integer(1e6));
    };
    assert.deepEqual(draw('a', 1), draw('a', 1));
    assert.notDeepEqual(draw('a', 1), draw('a', 2));
    assert.notDeepEqual(draw('a1'), draw('a', 1));
  });

  it('stays within its bounds and permutes without loss', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 1, max: 2 ** 32 }),
        fc.array(fc.integer()),
        (seed, n, list) => {
          const random = randomOf(seed);
          const drawn = random.integer(n);
          assert.ok(Number.isInteger(drawn) && drawn >= 0 && drawn < n);
          const real = random.real();
          assert.ok(real >= 0 && real < 1);
          assert.deepEqual([...random.shuffle(list)].sort(), [...list].sort());
          assert.equal(list.length === 0, random.pick(list) === undefined);
        },
      ),
    );
  });

  it('is uniform: chi-square of 6,000 draws among 6 is below its 99.9 % quantile', () => {
    const random = randomOf('uniform');
    const counts = [0, 0, 0, 0, 0, 0];
    for (let draw = 0; draw < 6000; draw += 1) {
      const face = random.integer(6);
      counts[face] = (counts[face] ?? 0) + 1;
    }
    const chiSquare = counts.reduce((total, count) => total + (count - 1000) ** 2 / 1000, 0);
    assert.ok(chiSquare < 20.5, String(chiSquare));
  });

  it('refuses an empty choice of numbers', () => {
    assert.throws(() => randomOf('x').integer(0), /expected a bound/);
  });
});
