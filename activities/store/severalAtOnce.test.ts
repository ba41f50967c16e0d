import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { severalAtOnce } from './severalAtOnce.js';

describe('several at once', () => {
  it('does all, in order, never more than so many together', async () => {
    let now = 0;
    let most = 0;
    const list = Array.from({ length: 20 }, (_, index) => index);
    const found = await severalAtOnce(
      list,
      async (item) => {
        most = Math.max(most, (now += 1));
        await sleep((item * 7) % 5);
        now -= 1;
        return 2 * item;
      },
      3,
    );
    assert.deepEqual(
      found,
      list.map((item) => 2 * item),
    );
    assert.equal(most, 3);
  });

  it('fails as soon as one does, and takes an empty list', async () => {
    assert.deepEqual(await severalAtOnce([], () => Promise.resolve(1)), []);
    await assert.rejects(
      severalAtOnce([1, 2, 3], (item) =>
        item === 2 ? Promise.reject(new Error('two')) : Promise.resolve(item),
      ),
      /two/,
    );
  });
});
