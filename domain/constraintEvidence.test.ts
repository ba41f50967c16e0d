import assert from 'node:assert/strict';
import {
  constraintEvidence,
  evidenceText,
  narrowMargins,
  type ConstraintItems,
} from './constraintEvidence.js';
import { fastIntegers } from './fastRandom.js';
import { samplePlan } from './samples.js';

const relative = { benchmark: 'guard', relativeToBase: true, bound: -0.05 } as const;
const absolute = { benchmark: 'guard', relativeToBase: false, bound: 0.8 } as const;
const LEVEL = { level: 0.95, seed: 's' };

function binary(gained: number, lost: number, both: number): ConstraintItems['pairs'] {
  const repeat = (times: number, pair: readonly [number, number]) =>
    Array.from({ length: times }, () => pair);
  return [...repeat(gained, [1, 0]), ...repeat(lost, [0, 1]), ...repeat(both, [1, 1])];
}

describe('the evidence for a constraint', () => {
  it('is met and not shown where the items are too few, shown where they are enough', () => {
    const of = (both: number) =>
      constraintEvidence({ constraint: relative, pairs: binary(0, 1, both), clusters: null }, LEVEL);
    const [few, many] = [of(40), of(400)];
    assert.deepEqual([few.met, few.shown, few.method], [true, false, 'pairedScore']);
    assert.deepEqual([many.met, many.shown], [true, true]);
    assert.match(
      evidenceText(few),
      /^guard: difference to the base -0\.024, lower limit -0\.\d{3} \(95 % one-sided\), needed -0\.050: short by 0\.0\d\d$/,
    );
    assert.match(evidenceText(many), /: shown$/);
  });

  it('gets harder to give at a higher level', () => {
    const of = (level: number) =>
      constraintEvidence(
        { constraint: relative, pairs: binary(2, 3, 150), clusters: null },
        { level, seed: 's' },
      );
    assert.ok(of(0.99).lower < of(0.95).lower && of(0.95).lower < of(0.8).lower);
  });

  it("of an absolute bound is Wilson's limit, whatever the base did", () => {
    const pairs = binary(50, 0, 40);
    const found = constraintEvidence({ constraint: absolute, pairs, clusters: null }, LEVEL);
    assert.equal(found.method, 'wilson');
    assert.equal(found.value, 1);
    assert.ok(found.lower > 0.96 && found.lower < 1);
  });

  it('counts whole clusters: the same items in few clusters show less', () => {
    const pairs = Array.from({ length: 200 }, (_, item) => [item % 10 === 0 ? 0 : 1, 1] as const);
    const alone = constraintEvidence(
      { constraint: { ...relative, bound: -0.2 }, pairs, clusters: null },
      LEVEL,
    );
    const clusters = pairs.map((_, item) => `document ${String(Math.floor(item / 20))}`);
    const clustered = constraintEvidence(
      { constraint: { ...relative, bound: -0.2 }, pairs, clusters },
      LEVEL,
    );
    assert.deepEqual([clustered.method, clustered.clusters, alone.clusters], ['bootstrap', 10, null]);
    assert.deepEqual([alone.shown, clustered.shown], [true, false]);
  });

  it('is not certain of graded scores that do not differ', () => {
    const pairs = Array.from({ length: 64 }, () => [0.3, 0.3] as const);
    const { lower, method } = constraintEvidence({ constraint: relative, pairs, clusters: null }, LEVEL);
    assert.equal(method, 'bootstrap');
    assert.ok(lower < -0.02 && lower > -0.09, String(lower));
  });

  it('accepts graded and clustered scores at the margin no more often than it says', () => {
    for (const clusterSize of [1, 4]) {
      const accepted = Array.from({ length: 400 }, (_, set) => atMargin(set, clusterSize)).filter(
        (items, set) => constraintEvidence(items, { level: 0.95, seed: String(set) }).shown,
      ).length;
      // 5 % and three standard errors of 400 draws.
      assert.ok(accepted <= 400 * 0.05 + 3 * Math.sqrt(400 * 0.05 * 0.95), `${String(accepted)} of 400`);
    }
  });

  it('has power: a graded candidate as good as the base is mostly accepted with 400 items', () => {
    const accepted = Array.from({ length: 60 }, (_, set) =>
      atMargin(set, 1, { items: 400, worse: 0 }),
    ).filter((items, set) => constraintEvidence(items, { level: 0.95, seed: String(set) }).shown).length;
    assert.ok(accepted > 48, `${String(accepted)} of 60`);
  });
});

/** A candidate that is worse than the base by the margin on average; half of the spread is the clusters'. */
function atMargin(
  set: number,
  clusterSize: number,
  { items, worse }: { readonly items: number; readonly worse: number } = { items: 120, worse: 0.05 },
): ConstraintItems {
  const integer = fastIntegers(`graded ${String(set)} ${String(clusterSize)}`);
  const uniform = (): number => integer(1_000_000) / 1_000_000;
  let shared = 0;
  const pairs = Array.from({ length: items }, (_, item) => {
    if (item % clusterSize === 0) shared = uniform();
    const noise = 0.4 * ((clusterSize === 1 ? uniform() : 0.5 * shared + 0.5 * uniform()) - 0.5);
    const base = 0.3 + 0.4 * uniform();
    return [base + noise - worse, base] as const;
  });
  const clusters = pairs.map((_, item) => String(Math.floor(item / clusterSize)));
  return { constraint: relative, pairs, clusters: clusterSize === 1 ? null : clusters };
}

describe('a margin that is too narrow for its items', () => {
  it('is noted with the items it needs', () => {
    const { benchmarks } = samplePlan();
    const constraint = { benchmark: 'guard', relativeToBase: true, bound: -0.02 };
    const [note = ''] = narrowMargins([constraint], benchmarks, 0.95);
    assert.match(
      note,
      /64 confirm items cannot show guard within 0\.02 of the base.*at least 133 items could/,
    );
    assert.equal(narrowMargins([{ ...constraint, bound: -0.05 }], benchmarks, 0.95).length, 0);
    assert.match(
      narrowMargins([{ ...constraint, bound: 0 }], benchmarks, 0.95)[0] ?? '',
      /no number of items/,
    );
    assert.equal(narrowMargins([{ ...constraint, relativeToBase: false }], benchmarks, 0.95).length, 0);
  });
});
