import assert from 'node:assert/strict';
import { sparkline } from './sparkline.js';

describe('a sparkline', () => {
  it('goes from the lowest bar to the highest, with a point where there is no value', () => {
    assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 10), '▁▂▃▄▅▆▇█');
    assert.equal(sparkline([2, null, 1], 10), '█·▁');
    assert.equal(sparkline([3, 3], 10), '▁▁');
    assert.equal(sparkline([], 10), '');
  });

  it('keeps the ends when it is thinned', () => {
    const line = sparkline(
      Array.from({ length: 1000 }, (_, place) => -place),
      12,
    );
    assert.deepEqual([[...line].length, line.at(0), line.at(-1)], [12, '█', '▁']);
  });
});
