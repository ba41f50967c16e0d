import { ACTION_TYPES, isTrainingKind } from '../../domain/actionTypes.js';
import { BUILD_KINDS, type BuildKind } from '../../domain/stage.js';
import type { WrittenSpace } from './parameterSchema.js';
import type { Spec } from './schema.js';

/** One action type of a spec, in the same form for all of them. */
export interface WrittenAction {
  readonly kind: BuildKind;
  /** null: all datasets of the right shape. */
  readonly datasets: readonly string[] | null;
  readonly maxDatasets: number;
  readonly maxModels: number;
  readonly parameters: Readonly<Record<string, WrittenSpace>>;
}

/** The action types a spec names, in the table's order. */
export function actionsOf({ actions }: Pick<Spec, 'actions'>): readonly WrittenAction[] {
  return BUILD_KINDS.flatMap((kind): readonly WrittenAction[] => {
    const written = actions[kind];
    if (written === undefined) return [];
    const { maximum } = ACTION_TYPES[kind].models;
    const { datasets, maxDatasets = 0, maxModels = maximum, parameters } = written;
    const named = isTrainingKind(kind) ? (datasets ?? null) : [];
    return [{ kind, datasets: named, maxDatasets, maxModels, parameters }];
  });
}
