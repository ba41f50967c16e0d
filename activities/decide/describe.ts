import { constraintStatuses } from '../../domain/constraintStatus.js';
import { fidelityText } from '../../domain/fidelity.js';
import { isOpen } from '../../domain/parameterSpace.js';
import type { Plan } from '../../domain/plan.js';
import { nameInPool, type Pool, type PoolModel } from '../../domain/pool.js';
import { constraintLimit } from '../../domain/ranking.js';
import { trialName, type Action, type TrialRecord } from '../../domain/trial.js';
import { costOf, costText } from './costs.js';

/** How prompts write actions, models and results: short and in numbers. */
export interface World {
  readonly plan: Plan;
  readonly pool: Pool;
}

/** Names that one line lists; more are counted. */
const MOST_NAMES = 8;
const MOST_DATASETS = 3;

/** `sft(alpha+beta, learningRate 0.0003)` or `merge(t0003+t0004, method ties)`; only parameters that the search may vary. */
export function actionText({ plan, pool }: World, action: Action): string {
  const space = plan.actions.find((one) => one.kind === action.kind);
  const varied = Object.entries(action.parameters).filter(([name]) => {
    const of = space?.parameters[name];
    return of === undefined || isOpen(of);
  });
  const several = action.models.length > 1 ? action.models.map((id) => nameInPool(pool, id)).join('+') : '';
  const parts = [
    several,
    datasetsText(action.datasets, space?.datasets.length ?? 0),
    ...varied.map(([name, value]) => `${name} ${String(value)}`),
  ];
  return `${action.kind}(${parts.filter((part) => part !== '').join(', ')})`;
}

/** The action with the one model it applies to: `sft(alpha) on t0003`. */
export function stepText(world: World, action: Action): string {
  const on = action.models.length === 1 ? ` on ${nameInPool(world.pool, action.models[0] ?? '')}` : '';
  return `${actionText(world, action)}${on}`;
}

/** The last steps that led to the model: `… > merge(t0003+t0004) > sft(alpha)`. */
export function recipeText(world: World, model: PoolModel, steps: number): string {
  const action = model.row?.action ?? null;
  if (action === null) return model.name;
  const step = actionText(world, action);
  const parent = action.models.length === 1 ? world.pool.get(action.models[0] ?? '') : undefined;
  if (parent === undefined) return step;
  return steps > 1 ? `${recipeText(world, parent, steps - 1)} > ${step}` : `… > ${step}`;
}

/** `score 0.412±0.021; skill 0.412, guard 0.700; CONSTRAINT BROKEN (guard -0.080); cost 12 GPU-s`. */
export function scoresText(world: World, row: TrialRecord | null, most = MOST_NAMES): string {
  if (row === null) return 'not scored';
  const cost = costOf(world.plan, row);
  const costs = cost === null ? [] : [`cost ${costText(world.plan.agent?.costs ?? 'sequences', cost)}`];
  if (row.score === null) return [`failed: ${row.status}`, ...costs].join('; ');
  const score = `score ${row.score.toFixed(3)}±${(row.standardError ?? 0).toFixed(3)}`;
  const each = world.plan.benchmarks.flatMap(({ name }) => {
    const of = row.scores[name];
    return of === undefined ? [] : [`${name} ${of.score.toFixed(3)}`];
  });
  return [score, most === 0 ? '' : listed(each, most), ...constraintsText(world, row), ...costs]
    .filter((part) => part !== '')
    .join('; ');
}

/** The broken constraints by how much they are missed; else the one with the least to spare. */
function constraintsText({ plan, pool }: World, row: TrialRecord): readonly string[] {
  const base = pool.get(plan.models[0]?.stageId ?? '')?.row?.scores ?? {};
  const statuses = constraintStatuses(plan, row.scores, base);
  const [tightest] = statuses;
  if (tightest === undefined) return [];
  const marginText = ({ constraint, margin }: typeof tightest): string =>
    `${constraint.benchmark}${margin === null ? '' : ` ${margin < 0 ? '' : '+'}${margin.toFixed(3)}`}`;
  const broken = statuses.filter(({ met }) => !met);
  if (row.feasible || broken.length === 0) return [`constraints met (${marginText(tightest)})`];
  return [`CONSTRAINT BROKEN (${listed(broken.map(marginText), MOST_NAMES)})`];
}

/** One line of the trial table. */
export function trialText(world: World, row: TrialRecord, most = MOST_NAMES): string {
  const what = row.action === null ? row.label : stepText(world, row.action);
  return `${trialName(row.trial)} ${what}${fidelityText(row)}: ${scoresText(world, row, most)}`;
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
  return `Maximise the score, the mean of ${listed(names, MOST_NAMES)}.${limits.join('')}`;
}

/** Names with commas; those past `most` are counted, never cut. */
export function listed(names: readonly string[], most: number, separator = ', '): string {
  const rest = Math.max(0, names.length - most);
  return [...names.slice(0, most), ...(rest === 0 ? [] : [`${String(rest)} more`])].join(separator);
}

function datasetsText(datasets: readonly string[], all: number): string {
  if (datasets.length <= MOST_DATASETS) return datasets.join('+');
  return datasets.length === all ? `all ${String(all)} datasets` : listed(datasets, MOST_DATASETS, '+');
}
