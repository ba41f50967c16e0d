import assert from 'node:assert/strict';
import { closingStep, withClosing } from './closing.js';
import { beginExploration, withRow, type Exploration } from './exploration.js';
import { samplePlan, sampleProposal, sampleResult } from './samples.js';
import type { TrialRecord } from './trial.js';

const NOW = '2026-01-01T00:10:00.000Z';
const fidelity = { rungs: [0.25, 0.5, 1], reduction: 2 };
const state = (changes: Partial<Exploration> = {}): Exploration => ({
  ...beginExploration(samplePlan({ fidelity }), [], '2026-01-01T00:00:00.000Z'),
  ...changes,
});
const ascent = { atTop: 0, drained: true, finals: 0 };
const flight = { proposed: sampleProposal(7, 'promotion'), workflowId: 'w', restarts: 0 };
const arrived = (origin: TrialRecord['origin'], more: Partial<TrialRecord> = {}): TrialRecord => ({
  ...{ schemaVersion: 1, ...sampleProposal(9, origin), ...sampleResult(9, 0.5), sequence: 0 },
  ...{ score: 0.5, standardError: 0.1, feasible: true, ...more },
});

describe('the end of a search with rungs', () => {
  it('owes nothing without rungs, nor when a person stopped it', () => {
    assert.equal(closingStep({ ...state(), plan: samplePlan() }, NOW), null);
    assert.equal(closingStep(state({ stopReason: 'stopped: enough' }), NOW), null);
  });

  it('lets promotions go on until none is left, unless time or GPU-seconds are spent', () => {
    assert.equal(closingStep(state(), NOW), 'promotion');
    assert.equal(closingStep(state(), '2026-01-02T00:00:00.000Z'), 'final');
    assert.equal(withClosing(state({ inFlight: [flight] }), 'promotion', false).ascent, undefined);
    assert.equal(withClosing(state(), 'promotion', false).ascent?.drained, true);
  });

  it('then runs up to `finalists` at the top if nothing came there, once nothing runs any more', () => {
    assert.equal(closingStep(state({ ascent, inFlight: [flight] }), NOW), null);
    assert.equal(closingStep(state({ ascent: { ...ascent, atTop: 1 } }), NOW), null);
    assert.equal(closingStep(state({ ascent }), NOW), 'final');
    const once = withClosing(state({ ascent }), 'final', true);
    assert.equal(closingStep({ ...once, inFlight: [flight] }, NOW), 'final');
    assert.equal(closingStep(withClosing(once, 'final', true), NOW), null);
    assert.equal(closingStep(withClosing(state({ ascent }), 'final', false), NOW), null);
  });

  it('counts only searched pipelines that were completed on all of the data', () => {
    const atTop = (row: TrialRecord): number | undefined => withRow(state(), row).ascent?.atTop;
    assert.equal(atTop(arrived('promotion')), 1);
    assert.equal(atTop(arrived('promotion', { fidelity: 0.5 })), 0);
    assert.equal(atTop(arrived('allData')), 0);
    assert.equal(atTop(arrived('promotion', { status: 'crashed', score: null })), 0);
  });
});
