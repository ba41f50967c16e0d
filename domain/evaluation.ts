import type { Plan, Split } from './plan.js';
import { identify, RECIPE_VERSIONS, type IdentifiedStage } from './stage.js';

/** The stages that score one model on one split of every benchmark, by benchmark name. */
export function evaluationsOf(
  plan: Pick<Plan, 'benchmarks'>,
  split: Split,
  modelStageId: string,
): Readonly<Record<string, IdentifiedStage>> {
  return Object.fromEntries(
    plan.benchmarks.map((benchmark) => [
      benchmark.name,
      identify({
        kind: 'evaluate',
        recipeVersion: RECIPE_VERSIONS.evaluate,
        inputs: { model: [modelStageId], benchmark: [benchmark.splits[split].stageId] },
        parameters: {},
        seed: '0',
      }),
    ]),
  );
}
