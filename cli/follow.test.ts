import assert from 'node:assert/strict';
import { beginExploration } from '../domain/exploration.js';
import { recoveriesOf } from '../domain/recoveries.js';
import { sampleAttempt, samplePlan } from '../domain/samples.js';
import { statusOf } from '../workflows/status.js';
import { createTeller } from './follow.js';
import { bar, duration, jobLine, type Job } from './jobLine.js';
import { differences, type StartMemo } from './starts.js';
import type { Snapshot } from './snapshot.js';
import { table } from './table.js';
import type { Terminal } from './terminal.js';

const PROGRESS = {
  stageId: 'a'.repeat(64),
  fence: 1,
  phase: 'training',
  step: 30,
  steps: 60,
  checkpoint: 20,
  loss: 1.2345,
  tokensPerS: null,
  etaS: 3.4,
} as const;
const JOB: Job = {
  id: 'x',
  label: 't0003 sft',
  activity: 'build',
  isRunning: true,
  attempt: 1,
  progress: PROGRESS,
};

describe('progress', () => {
  it('shows share, time left, loss, checkpoint and repeated attempts', () => {
    assert.equal(
      jobLine({ ...JOB, attempt: 2 }),
      't0003 sft  training  [##########----------] 30/60 50 %  ETA 3 s  loss 1.234  checkpoint 20  attempt 2',
    );
    assert.equal(jobLine({ ...JOB, isRunning: false }), 't0003 sft  build: waits for a worker');
    assert.equal(bar(1), `[${'#'.repeat(20)}]`);
    assert.deepEqual([5, 200, 7500].map(duration), ['5 s', '3 min 20 s', '2 h 5 min']);
  });

  it('is told again without a terminal only when the phase changes, or something else and time has passed', () => {
    const said: string[] = [];
    const plain = {
      isInteractive: false,
      say: (line: string) => said.push(line),
      bold: (text: string) => text,
    };
    let now = 0;
    const teller = createTeller(plain as unknown as Terminal, () => now);
    const snapshot: Snapshot = { state: 'running', status: null, rows: [], jobs: [JOB] };
    teller.tell(snapshot);
    teller.tell(snapshot);
    assert.equal(said.length, 1);
    const later: Snapshot = { ...snapshot, jobs: [{ ...JOB, progress: { ...PROGRESS, step: 31 } }] };
    teller.tell(later);
    assert.equal(said.length, 1);
    now = 6000;
    teller.tell(snapshot);
    assert.equal(said.length, 1, 'nothing changed');
    teller.tell(later);
    assert.equal(said.length, 2);
    teller.tell({ ...snapshot, jobs: [{ ...JOB, progress: { ...PROGRESS, phase: 'publishing' } }] });
    assert.equal(said.length, 3);
  });

  it('tells a job that waits for another attempt from one that trains', () => {
    const waiting = { ...PROGRESS, phase: 'waiting', fence: 0, step: 0, steps: 0 } as const;
    assert.equal(
      jobLine({ ...JOB, progress: waiting }),
      't0003 sft  build: waits for its turn, or for an earlier attempt that still lives',
    );
  });

  it('tells what was recovered, once for each change', () => {
    const said: string[] = [];
    const plain = {
      isInteractive: false,
      say: (line: string) => said.push(line),
      bold: (text: string) => text,
    };
    const teller = createTeller(plain as unknown as Terminal, () => 0);
    const state = beginExploration(samplePlan(), [], '2026-01-01T00:00:00.000Z');
    const preempted = sampleAttempt({ end: 'preempted', lastStep: 7, stepsKept: 7 });
    const stages = [{ reused: false, attempts: [preempted, sampleAttempt({ attempt: 2, resumedStep: 7 })] }];
    const calm: Snapshot = { state: 'running', status: statusOf(state), rows: [], jobs: [] };
    const after = statusOf({ ...state, recoveries: recoveriesOf([{ stages }]) });
    for (const status of [calm.status, calm.status, after, after]) teller.tell({ ...calm, status });
    assert.deepEqual(
      said.filter((line) => line.startsWith('recovered')),
      [
        'recovered: 1 preempted; tried again once, 1 from a checkpoint; 7 steps kept, 0 lost; 0.0 GPU-seconds lost',
      ],
    );
  });

  it('aligns tables, numbers to the right', () => {
    assert.deepEqual(
      table(
        ['name', 'n'],
        [
          ['a', '10'],
          ['long', '9'],
        ],
      ),
      ['name   n', 'a     10', 'long   9'],
    );
  });
});

describe('a second start', () => {
  const stored: StartMemo = { schemaVersion: 1, specSha256: 'a', options: { trials: 8, seed: 1 } };
  it('compares what was asked for', () => {
    const wanted = { ...stored, specSha256: 'b', options: { trials: 12, seed: 1 } };
    assert.deepEqual(differences(stored, wanted, ['seed']), []);
    assert.deepEqual(differences(stored, wanted, ['trials']), ['trials: 12 instead of 8']);
    assert.deepEqual(differences(stored, { ...stored, specSha256: 'b' }, 'all'), [
      'the spec: its content changed',
    ]);
  });
});
