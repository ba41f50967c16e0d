import assert from 'node:assert/strict';
import { rankCorrelation, type Pair } from '../../domain/rankCorrelation.js';
import { samplePlan, sampleProposal, sampleResult, sampleStageId } from '../../domain/samples.js';
import type { TrialRecord } from '../../domain/trial.js';
import type { StoredExploration } from '../ledger/read.js';
import { leaderboardOf, statusOf } from '../ledger/views.js';
import { correlationText, fidelitySection } from './fidelity.js';
import { leaderboardSection } from './leaderboard.js';
import { trainingText } from './scale.js';

const plan = samplePlan({ fidelity: { rungs: [0.25, 1], reduction: 2 }, constraints: [] });
const row = (trial: number, fidelity: number, score: number): TrialRecord => ({
  ...{ schemaVersion: 1, ...sampleProposal(trial, 'policy'), ...sampleResult(trial, score), sequence: trial },
  ...{ score, standardError: 0.1, feasible: true, fidelity, recipeId: sampleStageId(trial % 10) },
  action: { kind: 'sft', models: [], datasets: [], parameters: {} },
});
const found: StoredExploration = {
  pointer: { explorationId: plan.explorationId, workflowId: 'w', startedAt: 'x' },
  ...{ plan, rows: [row(1, 0.25, 0.9), row(2, 0.25, 0.5), row(11, 1, 0.6)] },
  ...{ finals: [], decisions: [], interventions: [], result: null, scales: [], ended: null },
};

describe('rungs in report and views', () => {
  it('put the best available rung first and show the share of the data', () => {
    assert.deepEqual(
      leaderboardOf(found).rows.map(({ trial, fidelity }) => [trial, fidelity]),
      [
        ['t0011', 1],
        ['t0001', 0.25],
        ['t0002', 0.25],
      ],
    );
    assert.match(leaderboardSection(found).markup, /<td>0\.25<\/td>/);
    const { fidelity: _, ...without } = plan;
    assert.doesNotMatch(leaderboardSection({ ...found, plan: without }).markup, /scope="col">data</);
    assert.equal(fidelitySection({ ...found, plan: without }).markup, '');
  });

  it('give a correlation with its interval, or say too few, never a figure alone', () => {
    assert.equal(statusOf(found).rungs?.[0]?.n, 1);
    assert.match(fidelitySection(found).markup, /too few \(10 are needed\)/);
    assert.match(fidelitySection(found).markup, /2 on 0\.25, 1 on 1/);
    const pairs = Array.from({ length: 12 }, (_, i): Pair => [i, (i * 5) % 12]);
    assert.match(
      correlationText(rankCorrelation(pairs).intervals?.kendall),
      /^-?0\.\d\d \[-0\.\d\d, 0\.\d\d\]$/,
    );
  });

  it('tell more data from more passes', () => {
    const of = { kind: 'sft', available: 100, rows: 100 };
    const small = { ...of, steps: 10, passes: 0.4, seen: 40 };
    const twice = { ...of, steps: 20, passes: 0.8, seen: 80 };
    const eight = { ...of, steps: 80, passes: 3.2, seen: 100 };
    assert.equal(
      trainingText({ original: [small], scaled: [twice] }),
      '10 → 20 steps; rows seen 40 → 80 of 100; passes 0.40 → 0.80',
    );
    assert.equal(
      trainingText({ original: [eight], scaled: [{ ...eight, steps: 160, passes: 6.4 }] }),
      '80 → 160 steps; rows seen 100 of 100; passes 3.20 → 6.40',
    );
    assert.equal(trainingText({ original: [], scaled: [] }), 'no training');
  });
});
