import type { BenchmarkScore } from './trial.js';

/** An estimate with its two-sided interval (95 % unless said otherwise). */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What the items of one split say of one constraint, by a one-sided interval. */
export interface ConstraintEvidence {
  readonly benchmark: string;
  readonly relativeToBase: boolean;
  /** What has to be reached: a difference to the base's score (relative), or a score. */
  readonly limit: number;
  /** The point estimate of it, and the lower end of its one-sided interval. */
  readonly value: number;
  readonly lower: number;
  readonly level: number;
  /** Tango's paired score interval, Wilson's, or the bootstrap (graded scores, clusters). */
  readonly method: 'pairedScore' | 'wilson' | 'bootstrap';
  readonly items: number;
  /** Null: every item stands alone. */
  readonly clusters: number | null;
  /** By the point estimate. */
  readonly met: boolean;
  /** By the interval. */
  readonly shown: boolean;
}

/** One model's scores on one split, with the weighted mean. */
export interface SplitScores {
  readonly trial: number;
  readonly scores: Readonly<Record<string, BenchmarkScore>>;
  readonly score: number;
  readonly standardError: number;
  /** All constraints met by the point estimates. */
  readonly feasible: boolean;
  /** In the plan's order; absent in results of 0.1. */
  readonly constraints?: readonly ConstraintEvidence[];
}

/** The choice of the champion, made on the confirm split before the test split is opened. */
export interface Confirmation {
  readonly schemaVersion: 1;
  readonly base: SplitScores;
  readonly finalists: readonly SplitScores[];
  /** SFT on all data, finalist or not; absent in results of 0.1, null where it was not scored. */
  readonly allData?: SplitScores | null;
  /** The trial chosen; the base's own trial (0) when no finalist was feasible and above it. */
  readonly champion: number;
  /** Champion minus base, item-paired; null when the base is kept. */
  readonly difference: Estimate | null;
  readonly reason: string;
}

/** One model's score, split by split; null where it was not scored. */
export interface ModelFigures {
  readonly trial: number;
  readonly search: Estimate | null;
  readonly confirm: Estimate | null;
  readonly test: Estimate | null;
}

/** The champion's gain over another model, item-paired, split by split. */
export interface GainFigures extends Omit<ModelFigures, 'trial'> {
  /** The trial it is compared with: the base, or SFT on all data. */
  readonly over: number;
}

/** How much of the champion's search score was luck of the draw. */
export interface Shrinkage {
  /** Feasible evaluated trials, without the base: the best of them was taken. */
  readonly candidates: number;
  /** c(N): the expected largest of N standard normal values. */
  readonly factor: number;
  /** Of the champion's score on the search split. */
  readonly standardError: number;
  /** c·SE: what the best of N equally good models is expected to be too high by. */
  readonly expected: number;
  /** The score's fall, search minus confirm and search minus test; negative: it rose. */
  readonly searchToConfirm: number | null;
  readonly searchToTest: number | null;
  /** The same of the gain over the base: splits of unequal difficulty cancel out. */
  readonly gainSearchToConfirm: number | null;
  readonly gainSearchToTest: number | null;
}

/** Trials without the base: each number is a part of the one before it. */
export interface FourWay {
  readonly evaluated: number;
  readonly feasible: number;
  readonly finalists: number;
  /** 1, or 0 where the base is kept. */
  readonly champion: number;
}

/** Search, confirm and test side by side. */
export interface Figures {
  /** The base, SFT on all data where it was scored, the champion. */
  readonly models: readonly ModelFigures[];
  /** Empty when the base is kept. */
  readonly gains: readonly GainFigures[];
  /** Null when the base is kept. */
  readonly shrinkage: Shrinkage | null;
  readonly counts: FourWay;
  /** The champion's constraints, on items that took no part in its choice. */
  readonly constraintsOnTest: readonly ConstraintEvidence[];
}

/**
 * How an exploration ended. `improved`: the champion beats the base on the test split with confidence.
 * `constraintNotShown`: it meets its constraints on the confirm split only by the point estimate.
 */
export interface ExplorationResult {
  readonly schemaVersion: 1;
  readonly verdict: 'improved' | 'notShown' | 'constraintNotShown' | 'baseKept';
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
  /** Absent in results of 0.1. */
  readonly figures?: Figures;
  readonly stoppedBecause: string;
  readonly endedAt: string;
}
