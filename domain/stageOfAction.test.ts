import assert from 'node:assert/strict';
import fc from 'fast-check';
import { samplePlan, sampleStageId } from './samples.js';
import { sha256Hex, stageIdOf } from './stage.js';
import { describeAction, stageOfAction } from './stageOfAction.js';
import type { Action } from './trial.js';

const plan = samplePlan();
const [base, first, second] = [sampleStageId(0), sampleStageId(1), sampleStageId(2)];
const sft: Action = {
  kind: 'sft',
  models: [base],
  datasets: ['beta', 'alpha'],
  parameters: { learningRate: 3e-4, tuning: 'full', loraRank: 4 },
};
const merge = (parameters: Action['parameters'], models = [second, first]): Action => {
  return { kind: 'merge', models, datasets: [], parameters };
};

describe('the stage of an action', () => {
  it('names data by sorted stage ids and fills in every parameter that applies', () => {
    assert.deepEqual(stageOfAction(plan, sft), {
      kind: 'sft',
      recipeVersion: 1,
      seed: '1',
      inputs: { model: [base], data: [sha256Hex('alpha'), sha256Hex('beta')].sort() },
      parameters: {
        learningRate: 3e-4,
        steps: 100,
        batchSize: 16,
        warmupSteps: 8,
        scheduler: 'linear',
        maxLength: 1024,
        weightDecay: 0,
        tuning: 'full',
      },
    });
  });

  it('has the adapter parameters only with LoRA', () => {
    const lora = stageOfAction(plan, { ...sft, parameters: { tuning: 'lora', loraRank: 4 } }).parameters;
    assert.deepEqual([lora['loraRank'], lora['loraAlpha']], [4, 32]);
  });

  it('gives a merge sorted models with equal weights, and a base only where the method needs one', () => {
    const linear = stageOfAction(plan, merge({ method: 'linear', lambda: 0.5, density: 0.5 }));
    assert.deepEqual(linear.inputs, { models: [first, second].sort() });
    assert.deepEqual(linear.parameters, { method: 'linear', weights: [1, 1] });
    const ties = stageOfAction(plan, merge({ method: 'ties', lambda: 0.5, density: 0.5 }));
    assert.deepEqual(ties.inputs, { models: [first, second].sort(), base: [base] });
    assert.deepEqual(ties.parameters, { method: 'ties', lambda: 0.5, density: 0.5, weights: [1, 1] });
    const arithmetic = stageOfAction(plan, merge({ method: 'taskArithmetic' }));
    assert.deepEqual(arithmetic.parameters, { method: 'taskArithmetic', lambda: 1, weights: [1, 1] });
  });

  it('keeps the ids that merges had before there were more methods and parameters', () => {
    const methods = ['linear', 'taskArithmetic', 'ties'] as const;
    const ids = methods.map((method) =>
      stageIdOf(stageOfAction(plan, merge({ method, lambda: 0.5, density: 0.5, scope: 'tensor' }))),
    );
    assert.deepEqual(ids, [
      'dca216bffe9c1bd343aa15e1875937078700c819914e523876b06f41e53f4534',
      '6975be30201eb57cb1fbe356d4c0588cfd087ec3e7784014f57796f55cd724b6',
      '320eda32534c400193f4c17e628841081a52c781e5b14a07691fe6e524f8994a',
    ]);
  });

  it('subtracts the last models that task arithmetic is told to, whatever their ids', () => {
    const subtracting = (models: readonly string[]) =>
      stageOfAction(plan, merge({ method: 'taskArithmetic', subtracted: 1 }, [...models]));
    const sorted = [first, second].sort();
    for (const models of [
      [first, second],
      [second, first],
    ]) {
      const { inputs, parameters } = subtracting(models);
      assert.deepEqual(inputs['models'], sorted);
      const weights = sorted.map((id) => (id === models[1] ? -1 : 1));
      assert.deepEqual(parameters, { method: 'taskArithmetic', lambda: 1, weights });
    }
  });

  it('says what is not usual', () => {
    const { parameters } = stageOfAction(plan, merge({ method: 'ties', lambda: '0, 1', scope: 'vector' }));
    assert.deepEqual(parameters, {
      ...{ method: 'ties', lambda: '0, 1', density: 0.5, scope: 'vector' },
      weights: [1, 1],
    });
  });

  it('gives models in their order to methods for which it means something', () => {
    for (const method of ['slerp', 'nuslerp', 'passthrough'])
      for (const models of [
        [first, second],
        [second, first],
      ])
        assert.deepEqual(stageOfAction(plan, merge({ method }, models)).inputs['models'], models);
  });

  it('is one stage for one action, in whatever order its objects are named', () => {
    const ids = [0, 1, 2, 3, 4].map(sampleStageId);
    fc.assert(
      fc.property(fc.shuffledSubarray(ids, { minLength: 2 }), (models) => {
        const sorted = stageIdOf(stageOfAction(plan, merge({ method: 'ties' }, [...models].sort())));
        assert.equal(stageIdOf(stageOfAction(plan, merge({ method: 'ties' }, models))), sorted);
      }),
    );
  });

  it('refuses a dataset that the plan has not', () => {
    assert.throws(() => stageOfAction(plan, { ...sft, datasets: ['gamma'] }), /one of the plan's, got gamma/);
  });
});

describe('the line that describes an action', () => {
  const name = (stageId: string): string =>
    stageId === base ? 'base' : stageId === first ? 't0001' : 't0002';

  it('shows what is done to what, and only the parameters that vary', () => {
    assert.equal(describeAction(plan, sft, name), 'sft learningRate=0.0003 tuning=full on base: beta, alpha');
    assert.equal(
      describeAction(plan, merge({ method: 'ties', lambda: 0.5, density: 0.5 }), name),
      'merge method=ties lambda=0.5 on t0002 + t0001',
    );
  });
});
