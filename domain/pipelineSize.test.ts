import assert from 'node:assert/strict';
import { hasRoom, sizeOfPipeline, stagesBehind } from './pipelineSize.js';
import { poolOf, triedStageIds } from './pool.js';
import { randomOf } from './random.js';
import { samplePlan, sampleProposal, sampleResult, sampleStageId } from './samples.js';
import { countActions, enumerateActions, faultOfAction, sampleNewAction, type Space } from './space.js';
import type { Action, TrialRecord } from './trial.js';

const [BASE, FIRST, SECOND, MERGED] = [0, 1, 2, 3].map(sampleStageId) as [string, string, string, string];

/** base → t1 → t2, and t3 merged of t1 and t2. */
function grown(maxStages: number | null): Space {
  const plan = samplePlan({ maxStages });
  const parents: readonly (readonly string[])[] = [[], [BASE], [FIRST], [FIRST, SECOND]];
  const rows = parents.map((models, trial): TrialRecord => {
    const parameters = trial === 3 ? { method: 'linear' } : {};
    const kind = trial === 3 ? 'merge' : 'sft';
    const action: Action | null =
      trial === 0 ? null : { kind, models, datasets: trial === 3 ? [] : ['alpha'], parameters };
    const judged = { score: 0.5, standardError: 0.1, feasible: true };
    const proposed = { ...sampleProposal(trial, trial === 0 ? 'base' : 'policy'), action };
    return { schemaVersion: 1, ...proposed, ...sampleResult(trial, 0.5), ...judged, sequence: trial };
  });
  return { plan, pool: poolOf(plan, rows), tried: triedStageIds(plan, rows, []) };
}

describe('the size of a pipeline', () => {
  it('counts build stages, shared ones once', () => {
    const { pool } = grown(null);
    const sizes = [BASE, FIRST, SECOND, MERGED].map((id) => stagesBehind(pool, id).size);
    assert.deepEqual(sizes, [0, 1, 2, 3]);
    assert.equal(sizeOfPipeline(pool, [MERGED, SECOND]), 4);
  });

  it('bounds what may be built on, and what is legal', () => {
    const space = grown(3);
    const room = [BASE, FIRST, SECOND, MERGED].map((id) => hasRoom(space, id));
    assert.deepEqual(room, [true, true, true, false]);
    const action = sampleNewAction(space, 'sft', randomOf('size'));
    assert.ok(action);
    assert.equal(faultOfAction(space, { ...action, models: [SECOND] }), null);
    const fault = faultOfAction(space, { ...action, models: [MERGED] });
    assert.equal(fault, 'models: expected a pipeline of at most 3 stages, got 4');
  });

  it('bounds what is drawn and listed', () => {
    const space = grown(2);
    for (let draw = 0; draw < 40; draw += 1)
      for (const kind of ['sft', 'merge'] as const) {
        const action = sampleNewAction(space, kind, randomOf('draw', draw));
        assert.ok(action);
        assert.ok(sizeOfPipeline(space.pool, action.models) <= 2);
      }
    const listed = [...enumerateActions(space, 'sft')];
    assert.equal(listed.length, countActions(space, 'sft'));
    assert.ok(listed.every(({ models }) => sizeOfPipeline(space.pool, models) <= 2));
  });

  it('is no bound when the plan names none', () => {
    const space = grown(null);
    assert.ok([BASE, FIRST, SECOND, MERGED].every((id) => hasRoom(space, id)));
  });
});
