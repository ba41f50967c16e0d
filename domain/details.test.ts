import assert from 'node:assert/strict';
import { explorationDetails } from './details.js';
import { beginExploration, rowOf, withRow, withStarted } from './exploration.js';
import { sampleAttempt, samplePlan, sampleProposal, sampleResult } from './samples.js';

const fresh = beginExploration(samplePlan(), [sampleProposal(0, 'base')], '2026-01-01T00:00:00.000Z');

/** The state after the base was scored in two attempts. */
function afterALoss() {
  const started = withStarted(fresh, { proposed: sampleProposal(0, 'base'), workflowId: 'w', restarts: 0 });
  const lost = sampleAttempt({ end: 'lost', lastStep: 9, stepsLost: 9, lostGpuSeconds: 2.5 });
  const attempts = [lost, sampleAttempt({ attempt: 2 })];
  const result = sampleResult(0, 0.4);
  const stages = result.stages.slice(0, 1).map((stage) => ({ ...stage, attempts }));
  const row = rowOf(started, { ...result, stages });
  assert.ok(row);
  return withRow(started, row);
}

describe('the details in the Web UI', () => {
  it('show what was cut short and what it cost', () => {
    assert.match(
      explorationDetails(afterALoss()),
      /^Recovered: 1 lost; tried again once, 0 from a checkpoint; 0 steps kept, 9 lost; 2\.5 GPU-seconds lost$/m,
    );
  });

  it('say nothing of recoveries where nothing was cut short, nor in a state that 0.1 carried over', () => {
    assert.ok(!explorationDetails(fresh).includes('Recovered'));
    const { recoveries: _, ...old } = afterALoss();
    assert.ok(!explorationDetails(old).includes('Recovered'));
  });
});
