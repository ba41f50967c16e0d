import { encodeAction, type Code } from './encoding.js';
import { quantilesThen, type QuantilesThen } from './modelRanks.js';
import type { Plan } from './plan.js';
import { constraintLimit, ranking } from './ranking.js';
import type { SampledPoint } from './suggestion.js';
import type { BenchmarkScore, ProposedTrial, TrialRecord } from './trial.js';

type Scores = Readonly<Record<string, BenchmarkScore>>;

/** The newest and the best rows, so many of each: enough to learn from, few enough for an answer within a second. */
export const MOST_POINTS = 500;

/**
 * The trials as points of the flat space, in the order of completion, then those in flight. Trials without an action
 * (the baselines), and actions that the plan does not know, are no points.
 */
export function sampledPoints(
  code: Code,
  {
    rows,
    inFlight,
    ranksThen,
  }: {
    readonly rows: readonly TrialRecord[];
    readonly inFlight: readonly ProposedTrial[];
    /** Where they are known already. */
    readonly ranksThen?: () => QuantilesThen;
  },
): readonly SampledPoint[] {
  const { plan } = code;
  const baseScores = rows.find((row) => row.origin === 'base' && row.status === 'completed')?.scores ?? {};
  const then = ranksThen?.() ?? quantilesThen(plan, rows);
  const known = bestBefore(rows);
  const ended = worthLearning(rows).flatMap((row) => {
    const values = row.action === null ? null : encodeAction(code, row.action, then.get(row.trial));
    return values === null
      ? []
      : [{ ...endOf(plan, row, { baseScores, known: known.get(row.trial) ?? 0 }), values }];
  });
  const running = inFlight.flatMap(({ action }) => {
    const values = action === null ? null : encodeAction(code, action);
    return values === null ? [] : [{ ...RUNNING, values }];
  });
  return [...ended, ...running];
}

type End = Omit<SampledPoint, 'values'>;
const RUNNING: End = { state: 'running', score: null, violations: [] };
const FAILED: End = { state: 'failed', score: null, violations: [] };

/**
 * The best feasible score that was known when each trial was booked; a point scores its progress over it. Later trials score higher because they build on
 * better models; without a correction the sampler would learn "what was done lately" instead of "what helped".
 */
function bestBefore(rows: readonly TrialRecord[]): ReadonlyMap<number, number> {
  const known = new Map<number, number>();
  let best = rows.find((row) => row.score !== null)?.score ?? 0;
  for (const { trial, score, feasible } of rows) {
    known.set(trial, best);
    if (feasible && score !== null) best = Math.max(best, score);
  }
  return known;
}

function worthLearning(rows: readonly TrialRecord[]): readonly TrialRecord[] {
  const own = rows.filter(({ action }) => action !== null);
  if (own.length <= 2 * MOST_POINTS) return own;
  const kept = new Set([...own.slice(-MOST_POINTS), ...ranking(own).slice(0, MOST_POINTS)]);
  return own.filter((row) => kept.has(row));
}

/** A constraint without a limit yet (the base is not scored) counts as met; a benchmark without a score fails the trial. */
function endOf(
  plan: Plan,
  row: TrialRecord,
  { baseScores, known }: { readonly baseScores: Scores; readonly known: number },
): End {
  if (row.status !== 'completed' || row.score === null) return FAILED;
  const violations = plan.constraints.map((constraint) => {
    const limit = constraintLimit(constraint, baseScores);
    if (limit === null) return 0;
    const missed = limit - (row.scores[constraint.benchmark]?.score ?? Number.NEGATIVE_INFINITY);
    return row.feasible ? Math.min(0, missed) : missed;
  });
  const score = row.score - known;
  return violations.every(Number.isFinite) ? { state: 'completed', score, violations } : FAILED;
}
