import assert from 'node:assert/strict';
import { sampleProposal, sampleStageId } from './samples.js';
import { identify } from './stage.js';
import { buildSummary, readableLabel, scoreSummary, trialSummary } from './summaries.js';

describe('summaries in the timeline', () => {
  it('write methods as people do, and say the share of the data on a lower rung', () => {
    assert.equal(readableLabel('dpo beta=0.1 on t0007: terse'), 'DPO beta=0.1 on t0007: terse');
    assert.equal(readableLabel('merge method=ties on t0001 + t0002'), 'merge method=ties on t0001 + t0002');
    const trial = { ...sampleProposal(9, 'policy'), label: 'sft on base: alpha' };
    assert.equal(trialSummary(trial), 't0009 SFT on base: alpha');
    assert.equal(trialSummary({ ...trial, fidelity: 0.25 }), 't0009 SFT on base: alpha on 0.25 of the data');
  });

  it('tell a stage that is made again from the trial itself', () => {
    const proposed = sampleProposal(9, 'policy');
    const again = identify({ kind: 'sft', recipeVersion: 1, inputs: {}, parameters: {}, seed: '1' });
    const own = { ...again, stageId: sampleStageId(9) };
    assert.equal(buildSummary(proposed, own), 't0009 trial 9');
    assert.equal(
      buildSummary(proposed, again),
      `t0009 rebuild SFT ${again.stageId.slice(0, 8)}, which it builds on`,
    );
  });

  it('name benchmark and split, within 120 bytes', () => {
    assert.equal(scoreSummary(7, ['maths', 'style'], 'search'), 'score t0007 on maths/search, style/search');
    assert.equal(scoreSummary(7, ['maths'], null), 'score t0007 on maths');
    const many = Array.from({ length: 40 }, (_, index) => `benchmark${String(index)}`);
    assert.ok(Buffer.byteLength(scoreSummary(7, many, 'confirm')) <= 120);
  });
});
