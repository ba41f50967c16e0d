import assert from 'node:assert/strict';
import { ServiceError } from '@temporalio/client';
import { untilTaken, wasDropped } from './untilTaken.js';

function serviceError(code: number, details: string): ServiceError {
  const cause = Object.assign(new Error(details), { code, details, metadata: {} });
  return new ServiceError('Workflow Update failed', { cause });
}

const DROPPED = serviceError(
  9,
  'Unable to perform workflow execution update due to unexpected workflow task failure.',
);

describe('untilTaken', () => {
  it('asks again for as long as the server drops the update', async () => {
    let times = 0;
    const answer = await untilTaken(() => {
      times += 1;
      return times < 3 ? Promise.reject(DROPPED) : Promise.resolve('paused');
    });
    assert.deepEqual([answer, times], ['paused', 3]);
  });

  it('passes every other fault on at once', async () => {
    for (const fault of [
      new Error('refused'),
      serviceError(14, 'unavailable'),
      serviceError(9, 'namespace'),
    ]) {
      let times = 0;
      const asked = untilTaken(() => {
        times += 1;
        return Promise.reject(fault);
      });
      await assert.rejects(asked, (error) => error === fault);
      assert.equal(times, 1);
      assert.equal(wasDropped(fault), false);
    }
  });

  it('gives up where no workflow task succeeds', async () => {
    let times = 0;
    const asked = untilTaken(() => {
      times += 1;
      return Promise.reject(DROPPED);
    });
    await assert.rejects(asked, wasDropped);
    assert.equal(times, 20);
  }).timeout(10_000);
});
