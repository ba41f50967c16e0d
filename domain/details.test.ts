import assert from 'node:assert/strict';
import { sampleBooks, sampleEvidence } from './auditSamples.js';
import { explorationDetails, preparingDetails } from './details.js';
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

  it('show how it ended: the verdict, the gain, and each constraint that is not shown', () => {
    const { result } = sampleBooks();
    assert.ok(result);
    const [finalist] = result.confirmation.finalists;
    assert.ok(finalist);
    const constraints = [sampleEvidence({ shown: false, lower: -0.045 })];
    const confirmation = { ...result.confirmation, finalists: [{ ...finalist, constraints }] };
    const text = explorationDetails(fresh, { ...result, verdict: 'constraintNotShown', confirmation });
    assert.match(
      text,
      /^\*\*Result:\*\* t0002 gains over the base, but it is not shown to keep guard; gain on the/m,
    );
    assert.match(text, /^- constraint not shown: guard: .* short by 0\.025$/m);
    const kept = explorationDetails(fresh, { ...result, verdict: 'baseKept', champion: 0 });
    assert.match(kept, /^\*\*Result:\*\* no improvement found, the base is kept$/m);
    assert.ok(!explorationDetails(fresh).includes('Result'));
  });

  it('say nothing of recoveries where nothing was cut short, nor in a state that 0.1 carried over', () => {
    assert.ok(!explorationDetails(fresh).includes('Recovered'));
    const { recoveries: _, ...old } = afterALoss();
    assert.ok(!explorationDetails(old).includes('Recovered'));
  });

  it('say what is searched and where its trials are, also where nothing else does', () => {
    const text = explorationDetails(fresh);
    assert.match(text, /^No trial has a score yet\.$/m);
    assert.match(text, /^- datasets: alpha \(10 rows\), beta \(10 rows\), terse \(10 rows\)$/m);
    assert.match(text, /^- objective: mean of skill; guard at least the base's - 0\.02$/m);
    assert.match(text, /^- budget: 3 trials, 100 GPU-seconds, 3600 s of wall clock; 1 at once$/m);
    assert.match(text, /`ExplorationName="sample" AND TrialStatus != "completed"`/);
    assert.match(preparingDetails('sample'), /^\*\*sample\*\* preparing: /);
    assert.match(preparingDetails(null), /^The exploration preparing: /);
  });

  it('stay below what the Web UI takes, with a thousand trials at once and long names', () => {
    const label = `sft ${'|'.repeat(500)}`;
    const flights = Array.from({ length: 1000 }, (_, trial) => ({
      ...{ proposed: { ...sampleProposal(trial, 'policy'), label }, workflowId: 'w', restarts: 1 },
    }));
    const long = Array.from({ length: 500 }, (_, index) => ({
      ...{ name: `d${String(index)}${'x'.repeat(60)}`, stageId: '', shape: 'sft' as const, rows: 1 },
    }));
    const plan = samplePlan({ datasets: long, notes: Array.from({ length: 50 }, () => 'n'.repeat(2000)) });
    const rows = Array.from({ length: 20 }, (_, trial) => ({
      ...{ trial, label, score: 0.5, standardError: 0.1, feasible: true, stageId: '' },
    }));
    const text = explorationDetails({ ...fresh, plan, inFlight: flights, top: rows });
    assert.ok(Buffer.byteLength(text) < 20_000, String(Buffer.byteLength(text)));
    assert.match(text, /^- and 988 more$/m);
    assert.match(text, /its workflow vanished and was started again 1×/);
  });
});
