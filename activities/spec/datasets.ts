import type { Derivations } from '../../domain/data/derivations.js';
import { inputNames, OPERATION_NAMES, type OperationName } from '../../domain/data/operations.js';
import type { Shape } from './dataset.js';
import type { WrittenOperation } from './operationSchema.js';
import type { Spec } from './schema.js';

type Datasets = Pick<Spec, 'datasets'>;

export interface FileDataset {
  readonly name: string;
  readonly path: string;
  readonly shape: Shape | undefined;
}
export interface DerivedDataset {
  readonly name: string;
  readonly operation: OperationName;
  readonly written: WrittenOperation;
  /** Names of what it is made from, as the operation orders them. */
  readonly inputs: readonly string[];
}

/** The datasets that are read from files, in the spec's order. */
export function fileDatasets({ datasets }: Datasets): readonly FileDataset[] {
  return Object.entries(datasets).flatMap(([name, { path, shape }]) =>
    path === undefined ? [] : [{ name, path, shape }],
  );
}

/** Those that are made from others, in the spec's order. */
export function derivedDatasets({ datasets }: Datasets): readonly DerivedDataset[] {
  return Object.entries(datasets).flatMap(([name, dataset]) =>
    OPERATION_NAMES.flatMap((operation): readonly DerivedDataset[] => {
      const written = dataset[operation];
      if (written === undefined) return [];
      return [{ name, operation, written, inputs: inputNames(operation, written) }];
    }),
  );
}

export function derivationsOf(derived: readonly DerivedDataset[]): Derivations {
  return new Map(derived.map(({ name, inputs }) => [name, inputs]));
}

/** The templates that read the dataset. */
export function templatesOf(spec: Datasets, dataset: string): readonly DerivedDataset[] {
  return derivedDatasets(spec).filter(
    ({ operation, inputs }) => operation === 'template' && inputs.includes(dataset),
  );
}
