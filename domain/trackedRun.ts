/** One run of an experiment tracker: a trial, or the exploration as a whole. What a tracker has of it already stays. */
export interface TrackedRun {
  readonly schemaVersion: 1;
  /** The same for the same trial of the same exploration, whenever it is made: 16 hexadecimal digits. */
  readonly id: string;
  /** `t0007`, or `exploration`. */
  readonly name: string;
  readonly exploration: string;
  readonly explorationId: string;
  readonly status: 'running' | 'finished' | 'failed';
  /** ISO 8601, UTC. `endedAt`: null while it runs. */
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** What was chosen; never changes. */
  readonly parameters: Readonly<Record<string, string | number>>;
  /** What is known about it: policy, parents, phase. The newest value counts. */
  readonly tags: Readonly<Record<string, string>>;
  /** By split and benchmark, and costs: single numbers, each known once. */
  readonly scores: Readonly<Record<string, number>>;
  readonly series: readonly TrackedSeries[];
}

/** Numbers by step; only added to. */
export interface TrackedSeries {
  readonly name: string;
  /** Whole numbers, rising. */
  readonly step: readonly number[];
  readonly value: readonly number[];
}
