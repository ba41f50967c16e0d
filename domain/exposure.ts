import type { Stage } from './stage.js';
import { isTraining } from './substitution.js';

/** How much data one training sees. */
export interface Exposure {
  readonly kind: string;
  readonly steps: number;
  /** Rows it draws from, and rows its datasets have. */
  readonly rows: number;
  readonly available: number;
  /** Sequences of all steps over the rows: below 1 some rows are never seen, above 1 rows are seen again. */
  readonly passes: number;
  /** Rows seen at least once. */
  readonly seen: number;
}

/** Rows of a dataset that a training on this share of the data draws from: the same as the GPU worker's `train/subset.py`. */
export function rowsAt(rows: number, fraction: number): number {
  return Math.min(rows, Math.max(1, Math.ceil(rows * fraction - 1e-9)));
}

/** Of a training stage; null for any other. `rowsOf`: the rows of a dataset by its stage id. */
export function exposureOf(stage: Stage, rowsOf: (datasetId: string) => number): Exposure | null {
  if (!isTraining(stage)) return null;
  const datasets = stage.inputs['data'] ?? [];
  const fraction = Number(stage.parameters['dataFraction'] ?? 1);
  const rows = sum(datasets.map((id) => rowsAt(rowsOf(id), fraction)));
  const steps = Number(stage.parameters['steps']);
  const places = steps * Number(stage.parameters['batchSize']);
  return {
    kind: stage.kind,
    steps,
    rows,
    available: sum(datasets.map(rowsOf)),
    passes: rows === 0 ? 0 : places / rows,
    seen: Math.min(rows, places),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0);
}
