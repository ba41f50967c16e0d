import assert from 'node:assert/strict';
import { sampleAttempt } from './samples.js';
import { stepCurve } from './stepCurve.js';

describe('the curve of an interrupted training', () => {
  it('goes on where the next attempt resumed, and shows the fall of what was lost', () => {
    const legs = stepCurve([
      sampleAttempt({ attempt: 2, resumedStep: 20, lastStep: 60, gpuSeconds: 8 }),
      sampleAttempt({ attempt: 1, lastStep: 30, gpuSeconds: 5, end: 'lost', stepsLost: 10 }),
    ]);
    assert.deepEqual(
      legs.map(({ from, to }) => [from, to]),
      [
        [
          { seconds: 0, step: 0 },
          { seconds: 5, step: 30 },
        ],
        [
          { seconds: 5, step: 20 },
          { seconds: 13, step: 60 },
        ],
      ],
    );
  });
});
