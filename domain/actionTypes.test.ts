import assert from 'node:assert/strict';
import { ACTION_TYPES, isTrainingKind, TRAINING_KINDS } from './actionTypes.js';
import { faultOfParameters } from './parameterSpace.js';
import { poolOf } from './pool.js';
import { randomOf } from './random.js';
import { samplePlan, sampleStageId } from './samples.js';
import { faultOfAction, sampleNewAction } from './space.js';
import { BUILD_KINDS, stageIdOf } from './stage.js';
import { applicable, stageOfAction } from './stageOfAction.js';
import type { Action } from './trial.js';

describe('the table of action types', () => {
  for (const kind of BUILD_KINDS)
    it(`${kind}: defaults are legal values, and conditions name parameters that stand before`, () => {
      const { parameters } = ACTION_TYPES[kind];
      const names = parameters.map(({ name }) => name);
      assert.equal(new Set(names).size, names.length);
      for (const [place, { name, when, choices = [], ...type }] of parameters.entries()) {
        const { default: usual, minimum = 0, maximum = 0 } = type;
        assert.ok(
          typeof usual === 'string' ? choices.includes(usual) : minimum <= usual && usual <= maximum,
          name,
        );
        if (when === undefined) continue;
        const deciding = parameters.slice(0, place).find((one) => one.name === when.parameter);
        assert.ok(deciding !== undefined && deciding.choices !== undefined, name);
        for (const one of when.isOneOf) assert.ok(deciding.choices.includes(one), `${name}: ${one}`);
        // A stage doesn't say such a deciding parameter at its default, and then nothing else may hang on it.
        if (deciding.unsaidAtDefault === true)
          assert.ok(!when.isOneOf.includes(String(deciding.default)), name);
      }
    });

  it('says which action types train', () => {
    assert.deepEqual(TRAINING_KINDS, BUILD_KINDS.slice(0, -1));
    assert.deepEqual(['merge', 'dataset', 'evaluate', 'constructor'].filter(isTrainingKind), []);
  });
});

describe('values of an action type that clash', () => {
  const grpo = (batchSize: number): Action => {
    const parameters = { batchSize, samples: 8 };
    return { kind: 'grpo', models: [sampleStageId(0)], datasets: ['maths'], parameters };
  };
  const choices = (...values: readonly number[]) => ({ kind: 'choices', values }) as const;
  const plan = samplePlan({
    datasets: [{ name: 'maths', stageId: sampleStageId(9), shape: 'verifiable', rows: 10 }],
    actions: [
      {
        kind: 'grpo',
        parameters: { batchSize: choices(12, 16), samples: choices(8) },
        ...{ datasets: ['maths'], maxDatasets: 1, maxModels: 1 },
      },
    ],
  });
  const space = { plan, pool: poolOf(plan, []), tried: new Set<string>() };

  it('are no legal action', () => {
    assert.equal(faultOfAction(space, grpo(16)), null);
    assert.equal(faultOfAction(space, grpo(12)), 'batchSize: expected a multiple of samples, 8, got 12');
  });

  it('are never drawn', () => {
    for (let index = 0; index < 30; index += 1)
      assert.equal(sampleNewAction(space, 'grpo', randomOf('clash', index))?.parameters['batchSize'], 16);
  });
});

describe('a parameter that came later', () => {
  const dpo = (parameters: Action['parameters']): Action => {
    return { kind: 'dpo', models: [sampleStageId(0)], datasets: ['terse'], parameters };
  };
  const idOf = (action: Action): string => stageIdOf(stageOfAction(samplePlan(), action));

  it('leaves stages alone where it has its default', () => {
    const stage = stageOfAction(samplePlan(), dpo({ loss: 'sigmoid' }));
    assert.deepEqual(Object.keys(stage.parameters).sort(), [
      ...['batchSize', 'beta', 'learningRate', 'maxLength', 'scheduler', 'sftWeight', 'steps', 'tuning'],
      ...['warmupSteps', 'weightDecay'],
    ]);
    assert.equal(idOf(dpo({ loss: 'sigmoid' })), idOf(dpo({})));
    assert.equal(idOf(dpo({})), 'a66db7dc0f8763e990f498f2acbd0cd88bf43271cf3c3901f36f0a82b3f621a2');
    const sft: Action = { kind: 'sft', models: [sampleStageId(0)], datasets: ['alpha'], parameters: {} };
    const plain = { packing: 'none', neftuneAlpha: 0, freeze: 'none' };
    assert.equal(idOf({ ...sft, parameters: plain }), idOf(sft));
    assert.equal(idOf(sft), '612dfa3c5544c3cc3e809597a5bd1177ee7239e8bbb38550b6f4873c6987d723');
  });

  it('brings those that hang on it', () => {
    const { loss, labelSmoothing, discopopTau } = applicable(dpo({ loss: 'robust' }));
    assert.deepEqual([loss, labelSmoothing, discopopTau], ['robust', 0.1, undefined]);
    assert.notEqual(idOf(dpo({ loss: 'hinge' })), idOf(dpo({})));
    const lora = { tuning: 'lora', freeze: 'lowerLayers', frozenShare: 0.5 };
    const { freeze } = applicable({ ...dpo(lora), kind: 'sft' });
    assert.equal(freeze, undefined);
  });

  it('is no parameter where its condition does not hold', () => {
    const types = ACTION_TYPES.dpo.parameters.filter(({ name }) => /^(loss|labelSmoothing)$/.test(name));
    const spaces = {
      loss: { kind: 'choices', values: ['sigmoid', 'robust'] },
      labelSmoothing: { kind: 'choices', values: [0.1] },
    } as const;
    assert.equal(faultOfParameters(types, spaces, { loss: 'robust', labelSmoothing: 0.1 }), null);
    assert.equal(
      faultOfParameters(types, spaces, { loss: 'sigmoid', labelSmoothing: 0.1 }),
      'labelSmoothing: expected no such parameter here, got 0.1',
    );
  });
});
