import { formatBytes } from '../../domain/bytes.js';
import { ACTION_TYPES } from '../../domain/actionTypes.js';
import { MEMORY_ADVICE } from '../../domain/memoryFault.js';
import { memoryForecasts, type MemoryForecast, type SizedModel } from '../../domain/memoryLimits.js';
import { actionsOf } from './actions.js';
import type { Fault } from './faults.js';
import type { CheckedFiles } from './files.js';
import { spaceOf } from './resolve.js';
import type { Spec } from './schema.js';
import { fleetOf } from './workers.js';

/** What each action type takes on each given model, and the classes that it would go to. Hub models are known at the start. */
export function specForecasts(spec: Spec, files: Pick<CheckedFiles, 'models'>): readonly MemoryForecast[] {
  const spaces = actionsOf(spec).map(({ kind, parameters }) => ({
    kind,
    parameters: Object.fromEntries(
      ACTION_TYPES[kind].parameters.map((type) => [type.name, spaceOf(type, parameters[type.name])]),
    ),
  }));
  const models = Object.keys(spec.models).flatMap((name): readonly SizedModel[] => {
    const shape = files.models[name]?.shape ?? null;
    return shape === null ? [] : [{ name, shape }];
  });
  return memoryForecasts(spaces, models, fleetOf(spec.workers));
}

/** Action types of which no setting fits any class on any model, and models that can't even be scored. */
export function memoryFaults(spec: Spec, files: Pick<CheckedFiles, 'models'>): readonly Fault[] {
  const largest = fleetOf(spec.workers)?.classes.at(-1);
  if (largest === undefined) return [];
  const forecasts = specForecasts(spec, files);
  const paths = [...new Set(forecasts.map(pathOf))];
  return paths
    .map((path) => ({ path, group: forecasts.filter((one) => pathOf(one) === path) }))
    .filter(({ group }) => group.every(({ isImpossible }) => isImpossible))
    .map(({ path, group }) => ({
      path,
      rule: `something that fits the ${formatBytes(largest.memoryBytes)} of ${largest.name}, the largest class`,
      value: `at least ${formatBytes(Math.min(...group.map(({ need }) => need.floor)))}`,
      hint: MEMORY_ADVICE,
    }));
}

function pathOf({ kind, model }: MemoryForecast): string {
  return kind === 'evaluate' ? `models.${model}` : `actions.${kind}`;
}

/** For people: a line for each kind of stage. */
export function forecastLines(forecasts: readonly MemoryForecast[]): readonly string[] {
  return forecasts.map(({ kind, tuning, model, need, classes, isImpossible }) => {
    const what = `${kind}${tuning === null ? '' : ` ${tuning}`} on ${model}`;
    const sizes = `about ${formatBytes(need.about)}, at least ${formatBytes(need.floor)}`;
    const where = isImpossible
      ? '; fits no class'
      : classes.length === 0
        ? ''
        : `; ${classes.join(', then ')}`;
    return `memory: ${what}: ${sizes}${where}`;
  });
}
