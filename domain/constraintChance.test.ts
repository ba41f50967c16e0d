import assert from 'node:assert/strict';
import { chanceOfFeasibility, constraintChances, withPairs } from './constraintChance.js';
import { samplePlan } from './samples.js';
import type { BenchmarkScore } from './trial.js';

const of = (score: number, stageId: string, standardError = 0.04): BenchmarkScore => ({
  ...{ stageId, score, standardError, items: 64 },
});
const plan = samplePlan({ constraints: [{ benchmark: 'guard', relativeToBase: true, bound: -0.02 }] });
const base = { guard: of(0.8, 'base') };
const chance = (score: number): number =>
  constraintChances(plan, { guard: of(score, 'x') }, base)[0]?.chance ?? -1;

describe('the chance that a constraint is met', () => {
  it('is a half at the limit itself and follows the two standard errors', () => {
    assert.ok(Math.abs(chance(0.78) - 0.5) < 1e-9);
    assert.ok(Math.abs(chance(0.78 + Math.hypot(0.04, 0.04)) - 0.8413) < 1e-4);
    assert.ok(chance(0.6) < 0.01 && chance(0.95) > 0.99);
  });

  it('is certain for the base itself', () => {
    assert.equal(constraintChances(plan, base, base)[0]?.chance, 1);
  });

  it('is not certain where all items were right', () => {
    const perfect = { guard: of(1, 'x', 0) };
    const [one] = constraintChances({ ...plan, constraints: [{ ...CONSTRAINT, bound: 0.99 }] }, perfect, {});
    assert.ok(one && one.chance > 0.5 && one.chance < 0.9);
  });

  it('gets surer by pairing when the models agree on most items', () => {
    const [unpaired] = constraintChances(plan, { guard: of(0.8, 'x') }, base);
    assert.ok(unpaired);
    const differences = Array.from({ length: 64 }, (_, item) => (item === 0 ? 1 : item === 1 ? -1 : 0));
    const paired = withPairs(unpaired, differences);
    assert.deepEqual([unpaired.paired, paired.paired], [false, true]);
    assert.ok(paired.standardError < unpaired.standardError && paired.chance > unpaired.chance);
    assert.ok(Math.abs(paired.standardError - Math.sqrt(2 / 63 / 64)) < 1e-12);
  });

  it('says nothing of a benchmark without a score', () => {
    assert.deepEqual(constraintChances(plan, {}, base), []);
  });
});

const CONSTRAINT = { benchmark: 'guard', relativeToBase: false, bound: 0.7 } as const;

describe('the chance of feasibility', () => {
  it('multiplies over constraints, is 1 without any and 0 for a failed trial', () => {
    const scores = { guard: of(0.78, 'x') };
    const row = { status: 'completed', scores } as const;
    assert.ok(Math.abs(chanceOfFeasibility(plan, row, base) - 0.5) < 1e-9);
    const twice = { ...plan, constraints: [...plan.constraints, ...plan.constraints] };
    assert.ok(Math.abs(chanceOfFeasibility(twice, row, base) - 0.25) < 1e-9);
    assert.equal(chanceOfFeasibility({ ...plan, constraints: [] }, row, base), 1);
    assert.equal(chanceOfFeasibility(plan, { ...row, status: 'crashed' }, base), 0);
    assert.equal(chanceOfFeasibility(plan, { ...row, scores: {} }, base), 0);
  });

  it('takes what the row says where it says it', () => {
    const known = { benchmark: 'guard', base: 'b', slack: 0, standardError: 1, paired: true, chance: 0.9 };
    const row = { status: 'completed', scores: {}, constraints: [known] } as const;
    assert.equal(chanceOfFeasibility(plan, row, base), 0.9);
  });
});
