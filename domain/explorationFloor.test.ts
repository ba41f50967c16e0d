import assert from 'node:assert/strict';
import { explores } from './explorationFloor.js';

const drawn = (seed: string, share: number, decisions: number): readonly number[] =>
  Array.from({ length: decisions }, (_, decision) => decision).filter((one) => explores(seed, one, share));

describe('the exploration floor', () => {
  it('takes one decision of each ten at a share of 0.1, at other places for other seeds', () => {
    for (const seed of ['1', '2', '3', '4']) {
      const blocks = drawn(seed, 0.1, 300).map((decision) => Math.floor(decision / 10));
      assert.deepEqual(blocks, [...Array(30).keys()]);
    }
    assert.notDeepEqual(drawn('1', 0.1, 100), drawn('2', 0.1, 100));
    const places = new Set(drawn('1', 0.1, 1000).map((decision) => decision % 10));
    assert.ok(places.size >= 8);
  });

  it('takes the share whatever it is', () => {
    for (const share of [0, 0.03, 0.25, 0.3, 0.5, 0.7, 0.97, 1]) {
      const got = drawn('7', share, 1000).length;
      const wanted = 1000 * share;
      assert.ok(
        Math.abs(got - wanted) <= (wanted === 0 || wanted === 1000 ? 0 : 0.2 * wanted),
        `${String(share)}: ${String(got)}`,
      );
    }
  });
});
