import assert from 'node:assert/strict';
import { efficiencyOf } from './efficiency.js';

const time = (seconds: number): string => new Date(1000 * seconds).toISOString();
const row = (from: number, to: number, gpuSeconds: number, origin: 'base' | 'policy' = 'policy') => {
  const stage = { stageId: '', kind: 'sft', lostGpuSeconds: 0, attempts: [] };
  const stages = [
    { ...stage, gpuSeconds, reused: false },
    { ...stage, gpuSeconds: 50, reused: true },
  ];
  return { origin, startedAt: time(from), endedAt: time(to), stages };
};

describe('the efficiency of a fleet', () => {
  it('is work over time, from the base to the last end; what was reused is no work', () => {
    const rows = [row(0, 5, 5, 'base'), row(5, 15, 9), row(5, 15, 9), row(15, 25, 9), row(15, 25, 9)];
    const found = efficiencyOf(2, rows);
    assert.deepEqual([found.wallSeconds, found.busySeconds, found.trials], [20, 36, 4]);
    assert.equal(found.efficiency, 0.9);
    assert.equal(found.drainShare, 0);
  });

  it('tells what was lost at the end, when no trial was left to start', () => {
    const rows = [row(0, 0, 1, 'base'), row(0, 10, 10), row(0, 6, 6)];
    const found = efficiencyOf(2, rows);
    assert.equal(found.efficiency, 0.8);
    assert.equal(found.drainShare, 0.2);
  });
});
