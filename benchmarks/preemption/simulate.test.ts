import assert from 'node:assert/strict';
import { randomOf } from '../../domain/random.js';
import { byClock, byEpoch, dueAfter, EPOCHS, fromScratch, WRITE_SECONDS, type Arm } from './arms.js';
import { simulate, type Workload } from './simulate.js';
import { runStage, type Weather } from './stage.js';

const calm: Weather = { rate: 0, noticed: 0, waitSeconds: () => 12 };
const stormy: Weather = { rate: 1 / 1800, noticed: 0, waitSeconds: () => 12 };
const ARMS: readonly Arm[] = [byClock(30), byEpoch, fromScratch];

const run = (arm: Arm, weather: Weather, seed = 1, kind: 'training' | 'evaluation' = 'training') =>
  runStage({ seconds: 3600, kind }, { arm, weather, random: randomOf('test', seed), beganAt: 0 });

describe('a stage under preemptions', () => {
  it('takes its own time and its writes where nothing strikes', () => {
    const pieces = Math.ceil(3600 / dueAfter(30, WRITE_SECONDS, 1));
    assert.equal(run(byClock(30), calm).seconds, 3600 + (pieces - 1) * WRITE_SECONDS);
    assert.equal(run(byEpoch, calm).seconds, 3600 + (EPOCHS - 1) * WRITE_SECONDS);
    assert.equal(run(fromScratch, calm).seconds, 3600);
    assert.equal(run(byEpoch, calm, 1, 'evaluation').seconds, 3600);
  });

  it('keeps all of its work exactly once, whatever strikes, and books what was lost', () => {
    for (const arm of ARMS)
      for (let seed = 0; seed < 20; seed += 1) {
        const { attempts, seconds, waitedSeconds } = run(arm, stormy, seed);
        const kept = attempts.reduce((sum, { stepsKept }) => sum + stepsKept, 0);
        assert.ok(Math.abs(kept - 3600) < 1e-6, `${arm.name}: ${String(kept)}`);
        const gpuSeconds = attempts.reduce((sum, one) => sum + one.gpuSeconds, 0);
        assert.ok(Math.abs(gpuSeconds + waitedSeconds - seconds) < 1e-6);
        assert.equal(waitedSeconds, 12 * (attempts.length - 1));
        for (const { stepsLost, resumedStep, lastStep } of attempts)
          assert.ok(stepsLost >= -1e-9 && lastStep >= resumedStep, `${arm.name}: ${String(stepsLost)}`);
      }
  });

  it('loses at most one interval by the clock, one epoch by epochs, everything without checkpoints', () => {
    const lost = (arm: Arm): number =>
      Math.max(
        ...Array.from({ length: 30 }, (_, seed) =>
          run(arm, stormy, seed).attempts.map(({ stepsLost }) => stepsLost),
        ).flat(),
      );
    assert.ok(lost(byClock(30)) <= 30);
    assert.ok(lost(byEpoch) <= 3600 / EPOCHS && lost(byEpoch) > 300);
    assert.ok(lost(fromScratch) > 3600 / EPOCHS);
  });

  it('loses nothing where notice is given and heeded', () => {
    const noticed = { ...stormy, noticed: 1 };
    const ends = Array.from({ length: 20 }, (_, seed) => run(byClock(30), noticed, seed).attempts).flat();
    assert.ok(ends.some(({ end }) => end === 'preempted'));
    assert.ok(ends.every(({ stepsLost }) => Math.abs(stepsLost) < 1e-9));
    assert.ok(run(byEpoch, noticed, 3).attempts.every(({ end }) => end !== 'preempted'));
  });
});

describe('a simulated exploration', () => {
  const workload: Workload = { days: 1, workers: 2, training: [1800, 3600], evaluation: [300, 300] };
  const of = (arm: Arm, weather: Weather, seed = 1) => simulate(workload, { arm, weather, seed });

  it('is the same for the same seed, and another for another', () => {
    assert.deepEqual(of(byClock(30), stormy), of(byClock(30), stormy));
    assert.notDeepEqual(of(byClock(30), stormy), of(byClock(30), stormy, 2));
  });

  it('loses nothing without preemptions', () => {
    const { redoneShare, waitedShare, writtenShare, trials } = of(fromScratch, calm);
    assert.deepEqual([redoneShare, waitedShare, writtenShare], [0, 0, 0]);
    // Two workers, a day, trials of 35 to 65 minutes.
    assert.ok(trials >= 44 && trials <= 82, String(trials));
  });

  it('completes the more trials the less is done again', () => {
    const trials = ARMS.map((arm) => of(arm, stormy).trials);
    assert.deepEqual(
      trials,
      [...trials].sort((a, b) => b - a),
    );
    const redone = ARMS.map((arm) => of(arm, stormy).redoneShare);
    assert.deepEqual(
      redone,
      [...redone].sort((a, b) => a - b),
    );
  });
});
