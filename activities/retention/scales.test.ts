import assert from 'node:assert/strict';
import { identify, sha256Hex } from '../../domain/stage.js';
import { memoryStore } from '../decide/memoryStore.js';
import { keys } from '../store/keys.js';
import { putRecipes } from '../store/recipes.js';
import { neededByScales } from './needed.js';

describe('what scale studies need', () => {
  it('are both models of every pair, and what a missing one is made from, until the study has its result', async () => {
    const store = memoryStore();
    const base = sha256Hex('base');
    const child = (model: string, seed: string) =>
      identify({ kind: 'sft', recipeVersion: 1, inputs: { model: [model] }, parameters: {}, seed });
    const original = child(base, '1');
    const parent = child(base, '2');
    const scaled = child(parent.stageId, '3');
    await putRecipes(store, [original, parent, scaled]);
    const training = { original: [], scaled: [] };
    const pipeline = {
      trial: 4,
      label: 'four',
      original: original.stageId,
      scaled: scaled.stageId,
      training,
    };
    const study = { explorationId: 'x-1', label: 'data-x2-top1', pipelines: [pipeline] };
    await store.putIfAbsent(keys.scalePlan('x-1', study.label), JSON.stringify(study));
    const isThere = (stageId: string) => Promise.resolve(stageId === original.stageId);
    const needed = await neededByScales(store, 'x-1', isThere);
    const stages = [original, scaled, parent].map(({ stageId }) => stageId);
    assert.deepEqual([...needed.keys()], [...stages, base]);
    assert.equal(needed.get(parent.stageId), 't0004 (scale data-x2-top1)');
    await store.putIfAbsent(keys.scale('x-1', study.label), JSON.stringify({ plan: study }));
    assert.equal((await neededByScales(store, 'x-1', isThere)).size, 0);
  });
});
