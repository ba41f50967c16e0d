import assert from 'node:assert/strict';
import type { Attempt } from './outcome.js';
import {
  isEventful,
  NO_RECOVERIES,
  recoveriesOf,
  recoveryText,
  stepsKept,
  withRecoveries,
} from './recoveries.js';
import { sampleAttempt as attempt } from './samples.js';

const stage = (attempts: readonly Attempt[], reused = false) => ({ stages: [{ reused, attempts }] });
/** Saw its notice at step 20 and kept all; vanished at 30 with its last checkpoint at 25; then went through. */
const STORY = [
  attempt({ end: 'preempted', lastStep: 20, stepsKept: 20, gpuSeconds: 4 }),
  attempt({
    attempt: 2,
    end: 'lost',
    resumedStep: 20,
    lastStep: 30,
    stepsKept: 5,
    stepsLost: 5,
    gpuSeconds: 4,
    lostGpuSeconds: 2,
  }),
  attempt({ attempt: 3, resumedStep: 25, lastStep: 60, stepsKept: 35, gpuSeconds: 7 }),
];

describe('recoveries', () => {
  it('count what was tried again, resumed, kept and lost, by the way it ended', () => {
    assert.deepEqual(recoveriesOf([stage(STORY)]), {
      attempts: 2,
      resumed: 2,
      stepsKept: 25,
      stepsLost: 5,
      lostGpuSeconds: 2,
      cutShort: {
        preempted: { attempts: 1, stepsLost: 0, lostGpuSeconds: 0 },
        lost: { attempts: 1, stepsLost: 5, lostGpuSeconds: 2 },
        failed: { attempts: 0, stepsLost: 0, lostGpuSeconds: 0 },
      },
    });
  });

  it('are nothing for stages that went through at once, and for stages that others paid', () => {
    assert.deepEqual(recoveriesOf([stage([attempt({ lastStep: 60, stepsKept: 60 })])]), NO_RECOVERIES);
    assert.deepEqual(recoveriesOf([stage(STORY, true)]), NO_RECOVERIES);
    assert.equal(recoveryText(NO_RECOVERIES), null);
  });

  it('sum up row by row as they do at once: the search loop and the ledger agree', () => {
    const rows = [stage(STORY), stage([]), stage(STORY.slice(0, 1)), stage(STORY)];
    assert.deepEqual(rows.reduce(withRecoveries, NO_RECOVERIES), recoveriesOf(rows));
  });

  it('show a failure that was never tried again', () => {
    const text = recoveryText(recoveriesOf([stage([attempt({ end: 'failed', lostGpuSeconds: 1.25 })])]));
    assert.equal(
      text,
      '1 failed; tried again 0 times, 0 from a checkpoint; 0 steps kept, 0 lost; 1.3 GPU-seconds lost',
    );
  });

  it('know the steps kept of rows that 0.1 wrote', () => {
    const { stepsKept: _, ...old } = attempt({ resumedStep: 20, lastStep: 30, stepsLost: 4 });
    assert.equal(stepsKept(old), 6);
    assert.equal(stepsKept({ ...old, lastStep: 0, resumedStep: 0, stepsLost: 0 }), 0);
  });

  it('tell only of attempts that are more than a first one that went through', () => {
    assert.deepEqual(STORY.map(isEventful), [true, true, true]);
    assert.equal(isEventful(attempt({})), false);
  });
});
