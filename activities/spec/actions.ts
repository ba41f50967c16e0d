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
    if (kind === 'merge') {
      const merge = actions.merge;
      return merge === undefined ? [] : [{ kind, datasets: [], maxDatasets: 0, ...merge }];
    }
    const training = actions[kind];
    if (training === undefined) return [];
    const { datasets = null, maxDatasets, parameters } = training;
    return [{ kind, datasets, maxDatasets, maxModels: 1, parameters }];
  });
}
