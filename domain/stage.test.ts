import assert from 'node:assert/strict';
import fc from 'fast-check';
import { canonicalJson, inputIds, shortId, stageIdOf, type Stage } from './stage.js';

const STAGE: Stage = {
  kind: 'sft',
  recipeVersion: 1,
  inputs: { model: ['a'.repeat(64)], data: ['b'.repeat(64)] },
  parameters: { learningRate: 3e-4, steps: 60, tuning: 'full' },
  seed: '1',
};

describe('a stage id', () => {
  it('is frozen: changing how ids are made orphans every store', () => {
    assert.equal(stageIdOf(STAGE), '6b6af3237d58e73dc0f891bc51ed0e88a3d5e7c710719a9dd2f8738741af43a2');
  });

  it('does not depend on the order of keys', () => {
    const { kind, ...rest } = STAGE;
    const shuffled = { ...rest, parameters: { tuning: 'full', steps: 60, learningRate: 0.0003 }, kind };
    assert.equal(stageIdOf(shuffled), stageIdOf(STAGE));
  });

  it('changes with every field', () => {
    const changes: readonly Partial<Stage>[] = [
      { kind: 'dpo' },
      { recipeVersion: 2 },
      { inputs: { ...STAGE.inputs, data: [] } },
      { parameters: { ...STAGE.parameters, steps: 61 } },
      { seed: '2' },
    ];
    const ids = new Set([STAGE, ...changes.map((change) => ({ ...STAGE, ...change }))].map(stageIdOf));
    assert.equal(ids.size, changes.length + 1);
  });

  it('refuses what JSON does not have', () => {
    assert.throws(() => stageIdOf({ ...STAGE, parameters: { learningRate: Number.NaN } }), /NaN/i);
  });

  it('shows its first eight digits to people', () => {
    assert.equal(shortId(stageIdOf(STAGE)).length, 8);
  });
});

describe('canonical JSON', () => {
  it('gives equal text for equal values and reads back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value as never);
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
        assert.equal(canonicalJson(JSON.parse(text) as never), text);
      }),
    );
  });
});

describe('input ids', () => {
  it('come in role order, without repeats', () => {
    const stage: Stage = { ...STAGE, inputs: { models: ['m', 'n', 'm'], base: ['n'] } };
    assert.deepEqual(inputIds(stage), ['n', 'm']);
  });
});
