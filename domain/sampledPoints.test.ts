import assert from 'node:assert/strict';
import { codeOf } from './encoding.js';
import { poolOf, triedStageIds } from './pool.js';
import { randomOf } from './random.js';
import { MOST_POINTS, sampledPoints } from './sampledPoints.js';
import { samplePlan, sampleProposal, sampleResult } from './samples.js';
import { sampleNewAction } from './space.js';
import { stageIdOf } from './stage.js';
import { stageOfAction } from './stageOfAction.js';
import type { TrialRecord } from './trial.js';

const plan = samplePlan();
const base: TrialRecord = {
  schemaVersion: 1,
  ...sampleProposal(0, 'base'),
  ...sampleResult(0, 0.05),
  score: 0.05,
  standardError: 0.03,
  feasible: true,
  sequence: 0,
};

/** A trial on models of the rows before it. */
function following(rows: readonly TrialRecord[], trial: number, score: number): TrialRecord {
  const space = { plan, pool: poolOf(plan, rows.slice(0, 3)), tried: triedStageIds(plan, rows, []) };
  const action =
    sampleNewAction(space, 'merge', randomOf('point', trial)) ??
    sampleNewAction(space, 'sft', randomOf('point', trial));
  assert.ok(action);
  const stageId = stageIdOf(stageOfAction(plan, action));
  const feasible = trial % 2 === 0;
  const judged = { score, standardError: 0.03, feasible, sequence: trial };
  return {
    ...base,
    ...sampleProposal(trial, 'policy'),
    ...sampleResult(trial, score),
    action,
    stageId,
    ...judged,
  };
}

const few = [1, 2, 3, 4].reduce<readonly TrialRecord[]>(
  (rows, trial) => [...rows, following(rows, trial, trial / 10)],
  [base],
);
const pointsOf = (rows: readonly TrialRecord[], inFlight: readonly TrialRecord[] = []) =>
  sampledPoints(codeOf({ plan, pool: poolOf(plan, rows) }), { rows, inFlight });

describe('the trials as points', () => {
  it('leave out baselines, score progress over the best that was known, and say by how much a constraint is missed', () => {
    const points = pointsOf(few);
    assert.deepEqual(
      points.map(({ score }) => Number(score?.toFixed(6))),
      [0.05, 0.15, 0.1, 0.2], // the base's 0.05 was known, then the feasible 0.2
    );
    // The base's guard is 0.8 and the limit 0.78; odd trials have 0.5, even ones 0.8.
    const missed = points.map(({ violations }) => Number(violations[0]?.toFixed(6)));
    assert.deepEqual(missed, [0.28, -0.02, 0.28, -0.02]);
  });

  it('have no score where the trial failed or runs', () => {
    const [first, ...rest] = few;
    assert.ok(first);
    const failed = rest.map((row): TrialRecord => ({
      ...row,
      status: 'diverged',
      score: null,
      feasible: false,
    }));
    assert.ok(
      pointsOf([first, ...failed.slice(0, 1)]).every(
        ({ state, score }) => state === 'failed' && score === null,
      ),
    );
    assert.deepEqual(
      pointsOf(few.slice(0, 4), few.slice(4)).map(({ state }) => state),
      ['completed', 'completed', 'completed', 'running'],
    );
  });

  it('keep the rank that a model had when it was built on', () => {
    const early = pointsOf(few.slice(0, 3)).map(({ values }) => values);
    const late = pointsOf(few).map(({ values }) => values);
    assert.deepEqual(late.slice(0, 2), early);
    assert.equal(early[0]?.['sft.model1'], 1); // the base, alone in the pool; by now the last of five
    const today = codeOf({ plan, pool: poolOf(plan, few) }).ranks.quantileOf(base.stageId);
    assert.ok(today !== null && today < 1);
  });

  it('are the newest and the best when there are thousands', () => {
    const count = 3 * MOST_POINTS;
    const row = few[1]; // built on the base
    assert.ok(row);
    const many = Array.from({ length: count }, (_, index): TrialRecord => ({
      ...row,
      trial: index + 1,
      score: 0.9 - index / 1e5,
      sequence: index + 1,
    }));
    const points = pointsOf([base, ...many]);
    const wanted = [...many.slice(0, MOST_POINTS), ...many.slice(-MOST_POINTS)];
    assert.deepEqual(
      points.map(({ score }) => score),
      wanted.map(({ score }) => Number(score) - 0.05), // the base's; the trials are infeasible
    );
  });
});
