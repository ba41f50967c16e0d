/**
 * What a sampler of flat, conditional search spaces is asked and answers. It knows nothing of models or actions:
 * `encoding.ts` makes such spaces of plans. The sampler runs in the GPU worker (Python, Optuna).
 */

/** A dimension exists only where another one, which stands before it, exists and has one of these values. */
export interface Condition {
  readonly dimension: string;
  readonly isOneOf: readonly string[];
}
export interface CategoricalDimension {
  readonly kind: 'categorical';
  readonly name: string;
  /** At least one; without order. */
  readonly choices: readonly string[];
  readonly when: Condition | null;
}
export interface NumberDimension {
  readonly kind: 'number';
  readonly name: string;
  /** Inclusive; above 0 on a log scale. */
  readonly low: number;
  readonly high: number;
  readonly scale: 'linear' | 'log';
  readonly integer: boolean;
  readonly when: Condition | null;
}
export type Dimension = CategoricalDimension | NumberDimension;

/** A point of the space: a value for each dimension that exists there. */
export type FlatValues = Readonly<Record<string, string | number>>;

export const SAMPLED_STATES = ['completed', 'failed', 'running'] as const;
/** A point that was tried, or is being tried. */
export interface SampledPoint {
  readonly state: (typeof SAMPLED_STATES)[number];
  readonly values: FlatValues;
  /** Higher is better; null unless completed. */
  readonly score: number | null;
  /** By how much each constraint is missed; at most 0 where it is met; empty unless completed. */
  readonly violations: readonly number[];
}

/** Equal requests have equal slates. */
export interface SuggestRequest {
  readonly schemaVersion: 1;
  readonly seed: string;
  /** How many suggestions, best first. */
  readonly count: number;
  readonly dimensions: readonly Dimension[];
  /** In the order of completion, those that run last. */
  readonly points: readonly SampledPoint[];
}

/** The request rests in the store, since it grows with the ledger; only where it lies crosses Temporal. */
export interface SuggestJob {
  readonly schemaVersion: 1;
  readonly requestKey: string;
  readonly requestSha256: string;
}

/** Different points, the most promising first; empty: none could be had. */
export interface Slate {
  readonly schemaVersion: 1;
  readonly suggestions: readonly FlatValues[];
}

/** How a policy asks. */
export type Suggest = (request: SuggestRequest) => Promise<Slate>;
