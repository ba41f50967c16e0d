import { baselinesOf } from '../activities/spec/baselines.js';
import type { ParameterSpace, Plan } from '../domain/plan.js';
import { isTrainingKind } from '../domain/actionTypes.js';
import { isCounted } from '../domain/metrics.js';

/** What a search will do, for people: what it begins with, what it may try, how it is measured. */
export function planLines(plan: Plan): readonly string[] {
  return [
    ...plan.models.map(({ name }, at) => `model ${name}${at === 0 ? ': the base' : ''}`),
    ...plan.datasets.map(
      ({ name, shape, rows }) =>
        `dataset ${name}: ${shape}, ${rows === 0 ? 'rows not known yet' : `${String(rows)} rows`}`,
    ),
    ...plan.actions.map(actionLine),
    ...plan.benchmarks.map(benchmarkLine),
    ...plan.constraints.map(
      ({ benchmark, relativeToBase, bound }) =>
        `constraint ${benchmark}: at least ${relativeToBase ? `the base${bound === 0 ? '' : ` ${bound < 0 ? '-' : '+'} ${String(Math.abs(bound))}`}` : String(bound)}`,
    ),
    `baselines: ${baselineNames(plan).join('; ')}`,
    `search: ${plan.policy}, seed ${plan.seed}${endText(plan)}`,
    `end: ${finalText(plan)}`,
  ];
}

/** Only what is searched: everything else has one value, which the spec or its defaults say. */
function actionLine({ kind, parameters, datasets, maxModels }: Plan['actions'][number]): string {
  const searched = Object.entries(parameters).flatMap(([name, space]) => {
    const text = spaceText(space);
    return text === null ? [] : [`${name} ${text}`];
  });
  const on = isTrainingKind(kind) ? datasets.join(', ') : `up to ${String(maxModels)} models`;
  return `action ${kind}, on ${on}: ${searched.length === 0 ? 'nothing else to choose' : searched.join('; ')}`;
}

/** null: one value. */
function spaceText(space: ParameterSpace): string | null {
  if (space.kind === 'range') return `${String(space.low)} to ${String(space.high)} (${space.scale})`;
  return space.values.length < 2 ? null : space.values.join(' | ');
}

function benchmarkLine({
  name,
  metric,
  weight,
  splits: { search, confirm, test },
}: Plan['benchmarks'][number]): string {
  const items = `search ${String(search.items)}, confirm ${String(confirm.items)}, test ${String(test.items)} items`;
  return `benchmark ${name}: ${metric}, ${items}, ${weight === 0 ? 'watched only' : `weight ${String(weight)}`}${gainText(metric, test.items)}`;
}

/**
 * The least gain that the test split is likely (80 %) to show: (1.96 + 0.84)·√(d/n) points of n items that are right or
 * wrong, where two models differ on a share d of them; 0.2 is usual.
 */
function gainText(metric: string, items: number): string {
  if (items === 0 || !isCounted(metric)) return '';
  const points = 100 * 2.8 * Math.sqrt(0.2 / items);
  return points >= 100
    ? '; too few to show a gain'
    : `; on test a gain of ${points.toFixed(0)} points is likely to show`;
}

function baselineNames(plan: Plan): readonly string[] {
  return baselinesOf(plan).trials.map(({ label }) => label);
}

function endText({ stop, budget: { wallClockSeconds } }: Plan): string {
  const { plateau = null, target = null } = stop ?? {};
  return [
    ...(wallClockSeconds === null ? [] : [`; ends after ${String(wallClockSeconds)} s`]),
    ...(plateau === null ? [] : [`; ends after ${String(plateau.trials)} trials without a gain`]),
    ...(target === null ? [] : [`; ends at a score of ${String(target)}`]),
  ].join('');
}

function finalText({ finalists }: Plan): string {
  return `the best ${String(finalists)} are scored on confirm, the champion, the base and SFT on all data on test`;
}
