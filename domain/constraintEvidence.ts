import { lowerLimit } from './bounds.js';
import { normalQuantile } from './normal.js';
import type { Constraint, PlannedBenchmark } from './plan.js';
import { pairedLowerLimit, wilson } from './proportions.js';
import { TOLERANCE } from './ranking.js';
import type { ConstraintEvidence } from './result.js';
import { isBinary, mean } from './statistics.js';
import { unitsOf } from './units.js';

/** One constraint's item scores on one split. */
export interface ConstraintItems {
  readonly constraint: Constraint;
  /** [candidate, base] of each item, in [0, 1]; an absolute bound looks at the candidate alone. */
  readonly pairs: readonly (readonly [number, number])[];
  /** The cluster of each item; null: every item stands alone. */
  readonly clusters: readonly string[] | null;
}

/**
 * Whether the items show that the constraint holds: the lower end of a one-sided interval reaches the limit. Relative
 * to the base this is the non-inferiority test with the declared margin, item-paired: Tango's score interval for 0/1
 * items. An absolute bound takes Wilson's. Graded scores and clusters take the bootstrap with one worst unit added.
 * A percentile bootstrap accepts far too often where few items differ (docs/decisions/0021).
 */
export function constraintEvidence(
  { constraint, pairs, clusters }: ConstraintItems,
  { level, seed }: { readonly level: number; readonly seed: string },
): ConstraintEvidence {
  const { benchmark, relativeToBase, bound: limit } = constraint;
  const values = pairs.map(([candidate, base]) => (relativeToBase ? candidate - base : candidate));
  const value = mean(values);
  const isCounted = clusters === null && isBinary(pairs.flat());
  const lower = isCounted
    ? countedLimit(relativeToBase, pairs, normalQuantile(level))
    : lowerLimit(unitsOf(values, clusters), { worst: relativeToBase ? -1 : 0, level, seed });
  return {
    ...{ benchmark, relativeToBase, limit, value, lower, level },
    method: isCounted ? (relativeToBase ? 'pairedScore' : 'wilson') : 'bootstrap',
    items: pairs.length,
    clusters: clusters === null ? null : new Set(clusters).size,
    met: reaches(value, limit),
    shown: reaches(lower, limit),
  };
}

function countedLimit(relativeToBase: boolean, pairs: ConstraintItems['pairs'], z: number): number {
  const items = pairs.length;
  const count = (holds: (candidate: number, base: number) => boolean): number =>
    pairs.filter(([candidate, base]) => holds(candidate, base)).length;
  if (!relativeToBase)
    return wilson(
      count((candidate) => candidate === 1),
      items,
      z,
    )[0];
  const gained = count((candidate, base) => candidate > base);
  const lost = count((candidate, base) => candidate < base);
  return pairedLowerLimit({ gained, lost, items }, z);
}

export function reaches(value: number, limit: number): boolean {
  return value >= limit - TOLERANCE;
}

/** `format: difference to the base -0.012, lower limit -0.041 (95 % one-sided), needed -0.020: short by 0.021`. */
export function evidenceText(evidence: ConstraintEvidence): string {
  const { benchmark, relativeToBase, value, lower, limit, level, shown } = evidence;
  const what = relativeToBase ? 'difference to the base' : 'score';
  const percent = String(Number((100 * level).toFixed(2)));
  const end = shown ? 'shown' : `short by ${(limit - lower).toFixed(3)}`;
  return `${benchmark}: ${what} ${value.toFixed(3)}, lower limit ${lower.toFixed(3)} (${percent} % one-sided), needed ${limit.toFixed(3)}: ${end}`;
}

/**
 * Relative constraints that the confirm split can hardly show: with a margin m even a model that answers every item as
 * the base does needs z²(1 - m)/m items for its lower limit, -z²/(n + z²), to reach -m.
 */
export function narrowMargins(
  constraints: readonly Constraint[],
  benchmarks: readonly PlannedBenchmark[],
  level: number,
): readonly string[] {
  return constraints.flatMap(({ benchmark, relativeToBase, bound }, index) => {
    const items = benchmarks.find(({ name }) => name === benchmark)?.splits.confirm.items ?? 0;
    const z2 = normalQuantile(level) ** 2;
    if (!relativeToBase || bound > 0 || items * -bound >= z2 * (1 + bound) - TOLERANCE) return [];
    const needed =
      bound === 0 ? 'no number of' : `at least ${String(Math.ceil((z2 * (1 + bound)) / -bound))}`;
    return [
      `objective.constraints.${String(index)}: ${String(items)} confirm items cannot show ${benchmark} within ${String(-bound)} of the base, ` +
        `even where every answer is alike; ${needed} items could. Widen the margin or add items, else the champion's constraint stays "not shown"`,
    ];
  });
}
