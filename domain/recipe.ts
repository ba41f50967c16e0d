import type { JsonObject } from './json.js';
import type { Evaluator, ObjectFile } from './outcome.js';
import type { IdentifiedStage, Stage } from './stage.js';

/** What a model was made with: all that may change its bits beside the stage itself. */
export interface MadeWith {
  /** Its kind and name: `cpu`, `cuda: NVIDIA H100 80GB HBM3`. */
  readonly device: string;
  /** The processor's kind, e.g. x86_64, and the system, e.g. Linux. */
  readonly machine: string;
  readonly system: string;
  readonly python: string;
  /** Threads of a CPU training: sums depend on their number. */
  readonly threads: number;
  /** Versions of the packages that train, read data and write models. */
  readonly libraries: Readonly<Record<string, string>>;
}

/** A model or a dataset that a recipe begins with. */
export interface RecipeSource {
  readonly name: string;
  readonly kind: 'model' | 'dataset';
  readonly stageId: string;
  /** How it was imported or derived; null for an import of 0.1. */
  readonly stage: Stage | null;
  /** Where it comes from, in words; empty: a file or folder of the person's own. */
  readonly origin: string;
  /** The folder of its files, relative to the recipe. They need not be there: whoever has them can name another. */
  readonly folder: string;
  readonly files: readonly ObjectFile[];
  /** What is known of it, e.g. its rows. */
  readonly facts: JsonObject;
}

/** A stage that makes a model. */
export interface RecipeStep extends IdentifiedStage {
  /** The first trial that ended in it, e.g. t0007; else the first digits of its id. */
  readonly name: string;
  /** In words. */
  readonly does: string;
  readonly weightsSha256: string;
  /** null: not recorded, in models that an earlier version made. */
  readonly madeWith: MadeWith | null;
}

/** A score, and what it was measured with. */
export interface RecipeScore {
  readonly benchmark: string;
  readonly metric: string;
  readonly split: string;
  readonly score: number;
  readonly standardError: number;
  readonly items: number;
  /** The stage of the split: its items by content. */
  readonly stageId: string;
  readonly evaluator: Evaluator | null;
}

/** How a model was made, so that it can be made again without the search: `recipe.yaml` of an export. */
export interface Recipe {
  readonly schemaVersion: 1;
  readonly exploration: string;
  readonly explorationId: string;
  readonly trial: string;
  readonly sources: readonly RecipeSource[];
  /** What a step needs stands before it; the last one makes the model. */
  readonly steps: readonly RecipeStep[];
  readonly scores: readonly RecipeScore[];
}
