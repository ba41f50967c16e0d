import assert from 'node:assert/strict';
import fc from 'fast-check';
import { exposureOf, rowsAt } from './exposure.js';
import { samplePlan, sampleStageId } from './samples.js';
import { identify, sha256Hex, type IdentifiedStage, type Stage } from './stage.js';
import { stageOfAction } from './stageOfAction.js';
import { substituted, type RecipeOf } from './substitution.js';
import type { Action } from './trial.js';

const plan = samplePlan();
const base = sampleStageId(0);
const sft = (model: string, datasets: readonly string[], steps = 60): Action => ({
  ...{ kind: 'sft', models: [model], datasets },
  parameters: { steps, warmupSteps: 8, tuning: 'full' },
});
const ties = (models: readonly string[]): Action => ({
  ...{ kind: 'merge', models, datasets: [], parameters: { method: 'ties' } },
});

/** Two trainings on the base, merged by TIES, then trained once more. */
function world() {
  const known = new Map<string, Stage>();
  const add = (action: Action): IdentifiedStage => {
    const one = identify(stageOfAction(plan, action));
    known.set(one.stageId, one.stage);
    return one;
  };
  const left = add(sft(base, ['alpha']));
  const right = add(sft(base, ['beta']));
  const merged = add(ties([left.stageId, right.stageId]));
  const last = add(sft(merged.stageId, ['alpha', 'beta'], 10));
  const recipeOf: RecipeOf = (stageId) => known.get(stageId) ?? null;
  return { left, right, merged, last, recipeOf };
}
const nothing = new Map<string, string>();

describe('a pipeline in another size', () => {
  it('is itself when nothing is substituted', () => {
    const { left, right, merged, last, recipeOf } = world();
    const same = substituted(last.stage, recipeOf, { factor: 1, models: nothing });
    assert.equal(same.at(-1)?.stageId, last.stageId);
    assert.deepEqual(
      same.map(({ stageId }) => stageId).sort(),
      [left, right, merged, last].map(({ stageId }) => stageId).sort(),
    );
  });

  it('trains every stage on the share, on as large a share of the steps, with a schedule of the same form', () => {
    const { last, recipeOf } = world();
    const quarter = substituted(last.stage, recipeOf, { factor: 0.25, models: nothing });
    const trainings = quarter
      .filter(({ stage }) => stage.kind === 'sft')
      .map(({ stage }) => stage.parameters);
    assert.deepEqual(
      trainings.map(({ steps, warmupSteps, dataFraction }) => [steps, warmupSteps, dataFraction]),
      [
        [15, 2, 0.25],
        [15, 2, 0.25],
        [3, 2, 0.25],
      ],
    );
  });

  it('comes dependencies first, each stage on those of its own size', () => {
    const { last, recipeOf } = world();
    const stages = substituted(last.stage, recipeOf, { factor: 0.5, models: nothing });
    const seen = new Set([base, sha256Hex('alpha'), sha256Hex('beta')]);
    for (const { stageId, stage } of stages) {
      for (const id of Object.values(stage.inputs).flat()) assert.ok(seen.has(id), id);
      seen.add(stageId);
    }
  });

  it('has the id that the action on models of that size has', () => {
    const { left, right, merged, recipeOf } = world();
    const [halfLeft, halfRight] = [left, right].map(
      ({ stage }) => substituted(stage, recipeOf, { factor: 0.5, models: nothing }).at(-1)?.stageId ?? '',
    );
    const half = substituted(merged.stage, recipeOf, { factor: 0.5, models: nothing }).at(-1);
    assert.deepEqual(half?.stage, stageOfAction(plan, ties([halfLeft ?? '', halfRight ?? ''])));
  });

  it('stands on another base everywhere, the one of task vectors too, and leaves the size alone', () => {
    const { last, recipeOf } = world();
    const other = sampleStageId(99);
    const stages = substituted(last.stage, recipeOf, { factor: 1, models: new Map([[base, other]]) });
    const roots = stages.flatMap(({ stage }) => [
      ...(stage.inputs['model'] ?? []),
      ...(stage.inputs['base'] ?? []),
    ]);
    assert.ok(!roots.includes(base));
    assert.equal(roots.filter((id) => id === other).length, 3);
    assert.ok(stages.every(({ stage }) => stage.parameters['dataFraction'] === undefined));
  });

  it('keeps each weight with its model', () => {
    const { left, right, recipeOf } = world();
    const models = [left.stageId, right.stageId].sort();
    const weighted: Stage = {
      ...stageOfAction(plan, ties(models)),
      parameters: { method: 'linear', weights: [1, 3] },
    };
    const half = substituted(weighted, recipeOf, { factor: 0.5, models: nothing });
    const heavy = recipeOf(models[1] ?? '');
    const heavyHalf =
      heavy === null ? '' : substituted(heavy, recipeOf, { factor: 0.5, models: nothing }).at(-1)?.stageId;
    const { inputs, parameters } = half.at(-1)?.stage ?? weighted;
    assert.equal((parameters['weights'] as number[])[inputs['models']?.indexOf(heavyHalf ?? '') ?? -1], 3);
  });

  it('never has less than one step, and never more than all rows', () => {
    const tiny = stageOfAction(plan, sft(base, ['alpha'], 2));
    const at = (factor: number) =>
      substituted(tiny, () => null, { factor, models: nothing })[0]?.stage.parameters;
    assert.deepEqual([at(0.1)?.['steps'], at(0.1)?.['dataFraction']], [1, 0.1]);
    assert.deepEqual([at(4)?.['steps'], at(4)?.['dataFraction']], [8, undefined]);
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 10, noNaN: true }), (factor) => {
        const { steps, dataFraction = 1 } = at(factor) ?? {};
        assert.ok(Number(steps) >= 1 && Number(dataFraction) > 0 && Number(dataFraction) <= 1);
      }),
    );
  });
});

describe('what a training sees', () => {
  const stage = stageOfAction(plan, {
    ...sft(base, ['alpha', 'beta'], 5),
    parameters: { steps: 5, batchSize: 4 },
  });
  const rows = (): number => 10;

  it('counts rows, steps and passes', () => {
    assert.deepEqual(exposureOf(stage, rows), {
      ...{ kind: 'sft', steps: 5, rows: 20, available: 20, passes: 1, seen: 20 },
    });
    const [half] = substituted(stage, () => null, { factor: 0.5, models: nothing });
    assert.deepEqual(half === undefined ? null : exposureOf(half.stage, rows), {
      ...{ kind: 'sft', steps: 3, rows: 10, available: 20, passes: 1.2, seen: 10 },
    });
  });

  it('rounds a share up, as the GPU worker does', () => {
    assert.deepEqual(
      [0.01, 0.1, 0.11, 0.25, 1].map((share) => rowsAt(10, share)),
      [1, 1, 2, 3, 10],
    );
    assert.equal(rowsAt(100, 0.07), 7);
  });
});
