import { derivationOrder } from '../../domain/data/derivations.js';
import type { PlannedDataset } from '../../domain/plan.js';
import type { Store } from '../store/store.js';
import { deriveDataset } from './deriveDataset.js';
import { derivationsOf, derivedDatasets, fileDatasets, type FileDataset } from './datasets.js';
import type { CheckedFiles } from './files.js';
import { importSource } from './importSource.js';
import type { Spec } from './schema.js';

/**
 * Imports the files of all datasets, then makes the derived ones, each after what it is made from; in the spec's order.
 * Throws DerivationFault.
 */
export async function importDatasets(
  store: Store,
  spec: Pick<Spec, 'datasets' | 'seed'>,
  files: Pick<CheckedFiles, 'datasets'>,
): Promise<readonly PlannedDataset[]> {
  const made = new Map<string, PlannedDataset>();
  for (const dataset of fileDatasets(spec)) made.set(dataset.name, await importFile(store, dataset, files));
  const derived = derivedDatasets(spec);
  for (const name of derivationOrder(derivationsOf(derived))) {
    const dataset = derived.find((one) => one.name === name);
    const inputs = dataset?.inputs.flatMap((input) => made.get(input) ?? []);
    if (dataset === undefined || inputs?.length !== dataset.inputs.length) continue; // what is left for the start
    made.set(name, await deriveDataset(store, dataset, { inputs, seed: String(spec.seed) }));
  }
  return Object.keys(spec.datasets).flatMap((name) => made.get(name) ?? []);
}

async function importFile(
  store: Store,
  { name, path }: FileDataset,
  files: Pick<CheckedFiles, 'datasets'>,
): Promise<PlannedDataset> {
  const { shape, rows } = files.datasets[name] ?? { shape: 'sft', rows: 0 };
  const { stageId } = await importSource(store, {
    kind: 'dataset',
    files: [{ path: 'data.jsonl', file: path }],
    parameters: { shape },
    facts: () => Promise.resolve({ shape, rows }),
  });
  return { name, stageId, shape, rows };
}
