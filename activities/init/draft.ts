import type { DataFile } from './dataFile.js';
import type { MadeBenchmark } from './measure.js';
import type { Settings } from './settings.js';

/** Where the base comes from, as the spec says it. */
export type DraftModel = { readonly path: string } | { readonly hub: string };

/** A dataset as the spec has it; `path`: relative to the spec. */
export interface DraftDataset {
  readonly name: string;
  readonly path: string;
  readonly of: DataFile;
  /** Rows that are left when no row asks what a benchmark asks. */
  readonly rows: number;
  readonly heldOut: number;
}

export interface DraftBenchmark {
  readonly name: string;
  readonly path: string;
  /** null: a folder that was there. */
  readonly made: MadeBenchmark | null;
}

/** All that a spec is written from. */
export interface Draft {
  readonly name: string;
  readonly model: DraftModel;
  readonly parameterCount: number | null;
  readonly datasets: readonly DraftDataset[];
  readonly benchmarks: readonly DraftBenchmark[];
  readonly settings: Settings;
  readonly trials: number;
}
