import { fidelityText } from '../../domain/fidelity.js';
import type { ParameterSpace, Plan } from '../../domain/plan.js';
import { nameInPool, type Pool, type PoolModel } from '../../domain/pool.js';
import { constraintLimit } from '../../domain/ranking.js';
import { trialName, type Action, type TrialRecord } from '../../domain/trial.js';

/** How prompts write actions, models and results: short, in numbers, without anything measured in seconds. */
export interface World {
  readonly plan: Plan;
  readonly pool: Pool;
}

/** Whether there is anything to choose. */
export function isOpen(space: ParameterSpace): boolean {
  return space.kind === 'range' ? space.low < space.high : space.values.length > 1;
}

/** `sft(alpha+beta, learningRate 0.0003)` or `merge(t0003+t0004, method ties)`; only parameters that the search may vary. */
export function actionText({ plan, pool }: World, action: Action): string {
  const space = plan.actions.find((one) => one.kind === action.kind)?.parameters ?? {};
  const varied = Object.entries(action.parameters).filter(([name]) => {
    const of = space[name];
    return of === undefined || isOpen(of);
  });
  const several = action.kind === 'merge' ? action.models.map((id) => nameInPool(pool, id)).join('+') : '';
  const parts = [
    several,
    action.datasets.join('+'),
    ...varied.map(([name, value]) => `${name} ${String(value)}`),
  ];
  return `${action.kind}(${parts.filter((part) => part !== '').join(', ')})`;
}

/** The last steps that led to the model: `… > merge(t0003+t0004) > sft(alpha)`. */
export function recipeText(world: World, model: PoolModel, steps = 3): string {
  const action = model.row?.action ?? null;
  if (action === null) return model.row?.origin === 'allData' ? model.row.label : model.name;
  const step = actionText(world, action);
  const parent = action.models.length === 1 ? world.pool.get(action.models[0] ?? '') : undefined;
  if (parent === undefined) return step;
  return steps > 1 ? `${recipeText(world, parent, steps - 1)} > ${step}` : `… > ${step}`;
}

/** `score 0.412±0.021; skill 0.412, guard 0.800; meets constraints`. */
export function scoresText({ plan }: World, row: TrialRecord | null): string {
  if (row === null) return 'not scored';
  if (row.score === null) return `failed: ${row.status}`;
  const each = plan.benchmarks.flatMap(({ name }) => {
    const of = row.scores[name];
    return of === undefined ? [] : [`${name} ${of.score.toFixed(3)}`];
  });
  const met = plan.constraints.length === 0 ? '' : row.feasible ? '; constraints met' : '; CONSTRAINT BROKEN';
  return `score ${row.score.toFixed(3)}±${(row.standardError ?? 0).toFixed(3)}; ${each.join(', ')}${met}`;
}

/** One line of the trial table. */
export function trialText(world: World, row: TrialRecord): string {
  const { action } = row;
  const on = action?.models.length === 1 ? ` on ${nameInPool(world.pool, action.models[0] ?? '')}` : '';
  const what = action === null ? row.label : `${actionText(world, action)}${on}`;
  return `${trialName(row.trial)} ${what}${fidelityText(row)}: ${scoresText(world, row)}`;
}

/** `Maximise the mean of skill. Keep guard at least 0.780.` */
export function objectiveText(plan: Plan, rows: readonly TrialRecord[]): string {
  const weighted = plan.benchmarks.filter((benchmark) => benchmark.weight > 0);
  const equal = new Set(weighted.map((benchmark) => benchmark.weight)).size <= 1;
  const names = weighted.map(({ name, weight }) => (equal ? name : `${name} (weight ${String(weight)})`));
  const baseScores = rows.find((row) => row.origin === 'base' && row.status === 'completed')?.scores ?? {};
  const limits = plan.constraints.map((constraint) => {
    const limit = constraintLimit(constraint, baseScores);
    const least = limit === null ? `the base's ${String(constraint.bound)}` : limit.toFixed(3);
    return ` Constraint: ${constraint.benchmark} at least ${least}.`;
  });
  return `Maximise the score, the mean of ${names.join(', ')}.${limits.join('')}`;
}
