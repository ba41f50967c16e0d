import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { StoreFault } from '../activities/store/storeFault.js';
import { asFault } from './asFault.js';
import { EXIT, UserFault } from './fault.js';

describe('what a person can mend', () => {
  it('is told of the disk by the path, in words', async () => {
    const error = await readFile('/dev/null/x').catch((caught: unknown) => caught);
    const fault = asFault(error);
    assert.equal(fault?.exitCode, EXIT.failed);
    assert.match(
      fault.message,
      /^\/dev\/null\/x: expected a place .*, got a file in the place of a folder \(ENOTDIR, open\)\. /,
    );
  });

  it('is told of a store or a service that does not answer, with exit code 3', () => {
    assert.equal(
      asFault(new StoreFault('read: expected an answer', { isUnreachable: true }))?.exitCode,
      EXIT.unreachable,
    );
    assert.equal(asFault(new StoreFault('key: expected JSON'))?.exitCode, EXIT.failed);
    const unavailable = Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: 'no connection' });
    const fault = asFault(new Error('Failed to update', { cause: unavailable }));
    assert.equal(fault?.exitCode, EXIT.unreachable);
    assert.match(fault.message, /expected an answer to the request, got no connection \(code 14\)/);
    const invalid = Object.assign(new Error('3'), { code: 3, details: 'WorkflowId length exceeds limit' });
    assert.equal(asFault(invalid)?.exitCode, EXIT.failed);
  });

  it('is not what a bug throws', () => {
    assert.equal(asFault(new TypeError('x is undefined')), null);
    assert.equal(asFault(new Error('boom')), null);
    assert.equal(asFault('text'), null);
    const own = new UserFault('mine', EXIT.usage);
    assert.equal(asFault(own), own);
  });
});
