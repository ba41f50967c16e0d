import assert from 'node:assert/strict';
import { codeOf } from './encoding.js';
import { childOf, populationOf, POPULATION, tournament } from './evolution.js';
import { foundingTrials, isFounding } from './founding.js';
import { poolOf } from './pool.js';
import { randomOf } from './random.js';
import { samplePlan, sampleProposal, sampleResult, sampleStageId } from './samples.js';
import { isLegal, sampleAction } from './space.js';
import type { TrialRecord } from './trial.js';

const plan = samplePlan();

function rowOf(trial: number, changes: Partial<TrialRecord> = {}): TrialRecord {
  const action = trial === 0 ? null : sampleAction({ plan, pool: poolOf(plan, []) }, 'sft', randomOf(trial));
  const judged = { score: trial / 100, standardError: 0.03, feasible: true, sequence: trial };
  return {
    schemaVersion: 1,
    ...sampleProposal(trial, 'policy'),
    ...sampleResult(trial, 0.5),
    action,
    ...judged,
    ...changes,
  };
}
const rows = Array.from({ length: 40 }, (_, trial) => rowOf(trial));
const code = codeOf({ plan, pool: poolOf(plan, rows) });

describe('evolution', () => {
  it('lets the old die, and what failed has no place in the population', () => {
    const failed = rowOf(40, { status: 'diverged', score: null, feasible: false });
    const population = populationOf([...rows, failed]);
    assert.equal(population.length, POPULATION);
    assert.deepEqual([population[0]?.trial, population.at(-1)?.trial], [40 - POPULATION, 39]);
  });

  it('prefers feasible parents, and takes infeasible ones where there are no others', () => {
    const infeasible = rowOf(90, { feasible: false });
    const winners = Array.from({ length: 50 }, (_, seed) =>
      tournament([infeasible, rowOf(1)], randomOf(seed)),
    );
    assert.ok(winners.filter((row) => row?.trial === 1).length > 45);
    assert.equal(tournament([infeasible], randomOf(1))?.trial, 90);
    assert.equal(tournament([], randomOf(1)), undefined);
  });

  it('makes legal children by each operator, mostly of good parents', () => {
    const children = Array.from(
      { length: 300 },
      (_, seed) => childOf(code, populationOf(rows), randomOf(seed)) ?? [],
    ).flat();
    assert.ok(children.every(({ action }) => isLegal(code, action)));
    for (const operator of ['extension', 'mutation', 'merge'] as const)
      assert.ok(children.filter((child) => child.operator === operator).length > 40, operator);
    const mean = children.reduce((total, { parent }) => total + parent.trial, 0) / children.length;
    assert.ok(mean > 34, `the parents' mean is ${String(mean)}`); // of 15 … 39
    const extension = children.find(({ operator }) => operator === 'extension');
    assert.deepEqual(extension?.action.models, [extension?.parent.stageId]);
  });

  it('mutates one thing of the parent’s own action', () => {
    const mutants = Array.from(
      { length: 300 },
      (_, seed) => childOf(code, populationOf(rows), randomOf(seed)) ?? [],
    ).flat();
    for (const { action, operator, parent } of mutants) {
      if (operator !== 'mutation') continue;
      const differs = (key: 'models' | 'datasets' | 'parameters'): number =>
        Number(JSON.stringify(action[key]) !== JSON.stringify(parent.action?.[key]));
      assert.ok(differs('models') + differs('datasets') + differs('parameters') <= 1);
    }
  });

  it('begins with at least four random trials and at most ten', () => {
    const founders = [3, 12, 60, 1000].map((trials) =>
      foundingTrials({ budget: { ...plan.budget, trials } }),
    );
    assert.deepEqual(founders, [4, 4, 6, 10]);
    assert.equal(isFounding(plan, rows.slice(0, 4)), true); // the base is none of them
    assert.equal(isFounding(plan, rows.slice(0, 5)), false);
    assert.equal(rows[1]?.stageId, sampleStageId(1));
  });
});
