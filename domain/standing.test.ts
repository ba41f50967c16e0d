import assert from 'node:assert/strict';
import { quantilesThen } from './modelRanks.js';
import { openModelsOf } from './openModels.js';
import type { Plan } from './plan.js';
import { poolOf, triedStageIds } from './pool.js';
import { randomOf } from './random.js';
import { sampleNewAction } from './space.js';
import { samplePlan, sampleProposal, sampleResult } from './samples.js';
import { stageIdOf } from './stage.js';
import { stageOfAction } from './stageOfAction.js';
import { growingStanding } from './standing.js';
import type { TrialRecord } from './trial.js';

/** A random search of its own pool; every seventh trial failed, every fifth is its pipeline on half of the data. */
function ledgerOf(plan: Plan, trials: number): readonly TrialRecord[] {
  const rows: TrialRecord[] = [];
  for (let trial = 0; trial < trials; trial += 1) {
    const random = randomOf('standing', trial);
    const space = { plan, pool: poolOf(plan, rows), tried: triedStageIds(plan, rows, []) };
    const action = sampleNewAction(space, random.pick(['sft', 'merge'] as const) ?? 'sft', random);
    const recipeId = action === null ? '' : stageIdOf(stageOfAction(plan, action));
    const proposed = { ...sampleProposal(trial, 'policy'), action };
    const rung = trial % 5 === 4 && action !== null ? { fidelity: 0.5, recipeId } : {};
    const stageId = action === null || trial % 5 === 4 ? proposed.stageId : recipeId;
    const status = trial % 7 === 6 ? 'crashed' : 'completed';
    const judged = { score: status === 'completed' ? trial / 50 : null, standardError: 0.01, feasible: true };
    const result = { ...sampleResult(trial, trial / 50), status } as const;
    rows.push({ schemaVersion: 1, ...proposed, ...result, ...judged, ...rung, stageId, sequence: trial });
  }
  return rows;
}

describe('a standing that grows', () => {
  for (const maxStages of [null, 3])
    it(`is after each row what the rows make it, with at most ${String(maxStages)} stages`, () => {
      const plan = samplePlan(maxStages === null ? {} : { maxStages });
      const ledger = ledgerOf(plan, 40);
      const standing = growingStanding(plan);
      for (const [place, row] of ledger.entries()) {
        standing.add(row);
        const { rows, pool, open } = standing;
        assert.deepEqual([...pool], [...poolOf(plan, rows)]);
        assert.deepEqual([...standing.ranksThen()], [...quantilesThen(plan, rows)]);
        assert.deepEqual(open, openModelsOf({ plan, pool: poolOf(plan, rows) }));
        const inFlight = ledger.slice(place + 1, place + 3);
        const tried = standing.tried(inFlight);
        for (const id of triedStageIds(plan, rows, inFlight)) assert.ok(tried.has(id));
        for (const { recipeId, stageId } of ledger.slice(place + 3))
          assert.equal(
            tried.has(recipeId ?? stageId),
            triedStageIds(plan, rows, inFlight).has(recipeId ?? stageId),
          );
      }
      assert.equal(standing.rows.length, 40);
    });

  it('gives the draws that a pool looked through anew gives', () => {
    const plan = samplePlan();
    const standing = growingStanding(plan);
    for (const row of ledgerOf(plan, 30)) standing.add(row);
    const { rows, pool, open } = standing;
    const whole = { plan, pool: poolOf(plan, rows), tried: triedStageIds(plan, rows, []) };
    for (let draw = 0; draw < 20; draw += 1)
      for (const kind of ['sft', 'merge'] as const)
        assert.deepEqual(
          sampleNewAction({ plan, pool, open, tried: standing.tried([]) }, kind, randomOf('draw', draw)),
          sampleNewAction(whole, kind, randomOf('draw', draw)),
        );
  });
});
