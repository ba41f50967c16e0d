import assert from 'node:assert/strict';
import { codeOf, decodeAction, encodeAction } from './encoding.js';
import { childOf, populationOf } from './evolution.js';
import type { ActionSpace } from './plan.js';
import { poolOf } from './pool.js';
import { randomOf } from './random.js';
import { samplePlan, sampleProposal, sampleResult, sampleStageId } from './samples.js';
import { countActions, enumerateActions, faultOfAction, isLegal, sampleNewAction } from './space.js';
import { sha256Hex, stageIdOf } from './stage.js';
import { stageOfAction } from './stageOfAction.js';
import { substituted } from './substitution.js';
import type { Action, TrialRecord } from './trial.js';

const distil: ActionSpace = {
  kind: 'distil',
  parameters: {
    steps: { kind: 'choices', values: [10] },
    divergence: { kind: 'choices', values: ['forwardKl', 'jsd'] },
    jsdBeta: { kind: 'choices', values: [0.3, 0.7] },
  },
  datasets: ['alpha'],
  maxDatasets: 1,
  maxModels: 2,
};
const [base] = samplePlan().models;
assert.ok(base !== undefined);
const large = {
  name: 'large',
  stageId: sha256Hex('large'),
  weightsSha256: 'e'.repeat(64),
  parameterCount: 9000,
};
const plan = samplePlan({ models: [base, large], actions: [distil] });
const rows = Array.from({ length: 4 }, (_, trial): TrialRecord => {
  const judged = { score: trial / 4, standardError: 0.01, feasible: true };
  const proposed = sampleProposal(trial, trial === 0 ? 'base' : 'policy');
  return { schemaVersion: 1, ...proposed, ...sampleResult(trial, trial / 4), ...judged, sequence: trial };
});
const pool = poolOf(plan, rows);
const space = { plan, pool, tried: new Set<string>() };
const student = sampleStageId(0);
const action = (models: readonly string[]): Action => ({
  ...{ kind: 'distil', models, datasets: ['alpha'] },
  parameters: { steps: 10, divergence: 'forwardKl' },
});

describe('an action whose models have roles', () => {
  it('names each in its stage, in either order another one', () => {
    const { inputs } = stageOfAction(plan, action([student, large.stageId]));
    assert.deepEqual(inputs, {
      model: [student],
      teacher: [large.stageId],
      data: [sha256Hex('alpha')],
    });
    const swapped = stageOfAction(plan, action([large.stageId, student]));
    assert.deepEqual([swapped.inputs['model'], swapped.inputs['teacher']], [[large.stageId], [student]]);
  });

  it('takes models of different sizes, but two, and no model as its own teacher', () => {
    assert.equal(faultOfAction(space, action([student, large.stageId])), null);
    assert.equal(faultOfAction(space, action([student])), 'models: expected exactly 2, got 1');
    assert.match(faultOfAction(space, action([student, student])) ?? '', /expected each model once/);
  });

  it('is counted, listed and drawn in both orders', () => {
    const all = [...enumerateActions(space, 'distil')];
    assert.equal(pool.size, 5);
    assert.equal(all.length, 5 * 4 * 3);
    assert.equal(countActions(space, 'distil'), all.length);
    assert.equal(new Set(all.map((one) => stageIdOf(stageOfAction(plan, one)))).size, all.length);
    const drawn = Array.from({ length: 60 }, (_, index) =>
      sampleNewAction(space, 'distil', randomOf('roles', index)),
    );
    const teachers = new Set(drawn.map((one) => one?.models[1]));
    const students = new Set(drawn.map((one) => one?.models[0]));
    assert.deepEqual([teachers.size, students.size], [5, 5]);
  });

  it('survives the sampler’s flat form with its order', () => {
    const code = codeOf({ plan, pool });
    for (const one of enumerateActions(space, 'distil')) {
      const values = encodeAction(code, one);
      assert.ok(values !== null);
      const back = decodeAction(code, values, randomOf('back'));
      assert.deepEqual(back?.models, one.models);
    }
  });

  it('is bred with the parent as the student', () => {
    const code = codeOf({ plan, pool });
    const children = Array.from({ length: 40 }, (_, index) =>
      childOf(code, populationOf(rows), randomOf('breed', index)),
    ).flatMap((one) => (one?.operator === 'extension' ? [one] : []));
    assert.ok(children.length > 5);
    for (const child of children) {
      assert.equal(child.action.models[0], child.parent.stageId);
      assert.ok(isLegal({ plan, pool }, child.action));
    }
  });

  it('keeps its models in their roles when it is done again on another base', () => {
    const stage = stageOfAction(plan, action([student, large.stageId]));
    const other = sha256Hex('other base');
    const [again] = substituted(stage, () => null, { factor: 2, models: new Map([[student, other]]) });
    assert.deepEqual(again?.stage.inputs, { ...stage.inputs, model: [other] });
    assert.equal(again?.stage.parameters['steps'], 20);
  });
});
