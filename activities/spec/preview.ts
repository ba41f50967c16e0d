import type { Plan, PlannedDataset, Split } from '../../domain/plan.js';
import type { CheckedFiles } from './files.js';
import { resolvePlan } from './resolve.js';
import type { Spec } from './schema.js';

/**
 * The plan that a checked spec will have, before anything is imported: names and numbers are those of the start, ids
 * are empty. Of what is fetched from a hub nothing is known yet: 0 rows, 0 parameters.
 */
export function previewPlan(spec: Spec, files: CheckedFiles, derived: readonly PlannedDataset[]): Plan {
  const unknown = { stageId: '', weightsSha256: '', parameterCount: 0 };
  const datasets = Object.entries(spec.datasets).flatMap(([name, { shape: written }]): PlannedDataset[] => {
    const made = derived.find((one) => one.name === name);
    if (made !== undefined) return [made];
    const { shape, rows } = files.datasets[name] ?? {
      shape: files.shapes[name] ?? written ?? 'sft',
      rows: 0,
    };
    return [{ name, stageId: '', shape, rows }];
  });
  const benchmarks = Object.entries(spec.benchmarks).map(([name, { metric, weight }]) => {
    const of = (split: Split) => ({ stageId: '', items: files.benchmarks[name]?.[split] ?? 0 });
    return {
      name,
      metric,
      weight,
      splits: { search: of('search'), confirm: of('confirm'), test: of('test') },
    };
  });
  const models = Object.keys(spec.models).map((name) => ({ name, ...unknown }));
  return resolvePlan(spec, { models, datasets, benchmarks }, spec.name);
}
