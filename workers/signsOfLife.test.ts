import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { withSignsOfLife } from './signsOfLife.js';

describe('signs of life', () => {
  it('beat while an activity works, and no longer; its result and its failure are its own', async () => {
    const environment = new MockActivityEnvironment();
    let beats = 0;
    environment.on('heartbeat', () => (beats += 1));
    const { work, fail } = withSignsOfLife({
      work: async (ms: number) => sleep(ms).then(() => ms),
      fail: () => Promise.reject(new Error('planted')),
    });
    assert.equal(await environment.run(work, 3500), 3500);
    assert.equal(beats, 1);
    await assert.rejects(environment.run(fail), /planted/);
    await sleep(3500);
    assert.equal(beats, 1);
  });
});
