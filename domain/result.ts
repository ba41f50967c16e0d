import type { BenchmarkScore } from './trial.js';

/** An estimate with its two-sided interval (95 % unless said otherwise). */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** One model's scores on one split, with the weighted mean. */
export interface SplitScores {
  readonly trial: number;
  readonly scores: Readonly<Record<string, BenchmarkScore>>;
  readonly score: number;
  readonly standardError: number;
  readonly feasible: boolean;
}

/** The choice of the champion, made on the confirm split before the test split is opened. */
export interface Confirmation {
  readonly schemaVersion: 1;
  readonly base: SplitScores;
  readonly finalists: readonly SplitScores[];
  /** The trial chosen; the base's own trial (0) when no finalist was feasible and above it. */
  readonly champion: number;
  /** Champion minus base, item-paired; null when the base is kept. */
  readonly difference: Estimate | null;
  readonly reason: string;
}

/** How an exploration ended. `improved`: the champion beats the base on the test split with confidence. */
export interface ExplorationResult {
  readonly schemaVersion: 1;
  readonly verdict: 'improved' | 'notShown' | 'baseKept';
  readonly champion: number;
  readonly confirmation: Confirmation;
  /** The test split, opened once. */
  readonly test: {
    readonly base: Estimate;
    readonly best: Estimate;
    /** Item-paired, champion minus base. */
    readonly difference: Estimate;
    readonly baseScores: SplitScores;
    readonly bestScores: SplitScores;
  };
  readonly stoppedBecause: string;
  readonly endedAt: string;
}
