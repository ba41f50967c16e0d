import assert from 'node:assert/strict';
import { codeOf, decodeAction, encodeAction } from './encoding.js';
import { existsBeside } from './flatSpace.js';
import type { Plan } from './plan.js';
import { poolOf } from './pool.js';
import { randomOf } from './random.js';
import { sampleNewAction, isLegal } from './space.js';
import { sampleProposal, samplePlan, sampleResult, sampleStageId } from './samples.js';
import { stageIdOf } from './stage.js';
import { stageOfAction } from './stageOfAction.js';
import type { Action, TrialRecord } from './trial.js';
import { variantsOf } from './variants.js';

/** Twelve completed trials; the later, the better. */
const rows = Array.from({ length: 12 }, (_, trial): TrialRecord => {
  const judged = { score: trial / 12, standardError: 0.01, feasible: true };
  const proposed = sampleProposal(trial, trial === 0 ? 'base' : 'policy');
  return { schemaVersion: 1, ...proposed, ...sampleResult(trial, trial / 12), ...judged, sequence: trial };
});
const RANGE = { kind: 'range', low: 1e-5, high: 1e-2, scale: 'log', integer: false } as const;

const plan = ((): Plan => {
  const [sft, merge] = samplePlan().actions;
  assert.ok(sft !== undefined && merge !== undefined);
  const steps = { kind: 'choices', values: [40, 10, 20] } as const;
  const parameters = { ...sft.parameters, learningRate: RANGE, steps };
  return samplePlan({ actions: [{ ...sft, parameters }, merge] });
})();
const pool = poolOf(plan, rows);
const code = codeOf({ plan, pool });
const sameStage = (a: Action, b: Action): boolean =>
  stageIdOf(stageOfAction(plan, a)) === stageIdOf(stageOfAction(plan, b));

function drawn(kind: Action['kind'], index: number): Action {
  const action = sampleNewAction({ plan, pool, tried: new Set() }, kind, randomOf('encoding', kind, index));
  assert.ok(action);
  return action;
}
const ACTIONS = (['sft', 'merge'] as const).flatMap((kind) =>
  Array.from({ length: 60 }, (_, index) => drawn(kind, index)),
);

describe('the flat form of actions', () => {
  it('has one dimension for each thing that may vary, none for what is settled', () => {
    assert.deepEqual(
      code.dimensions.map(({ name, when }) => `${name}${when === null ? '' : ` if ${when.isOneOf.join()}`}`),
      [
        'action',
        'sft.model1 if sft',
        'sft.dataset.alpha if sft',
        'sft.dataset.beta if sft',
        'sft.learningRate if sft',
        'sft.steps if sft',
        'sft.tuning if sft',
        'merge.models if merge',
        'merge.model1 if merge',
        'merge.model2 if merge',
        'merge.model3 if 3',
        'merge.method if merge',
        'merge.lambda if taskArithmetic,ties,dareLinear,dareTies,della,breadcrumbs,sce',
      ],
    );
  });

  it('gives every legal action exactly the dimensions that exist, and brings it back', () => {
    for (const action of ACTIONS) {
      const values = encodeAction(code, action);
      assert.ok(values);
      const existing = code.dimensions.filter((one) => existsBeside(one, values)).map(({ name }) => name);
      assert.deepEqual(Object.keys(values), existing);
      const back = decodeAction(code, values, randomOf('none'));
      assert.ok(back !== null && sameStage(back, action), JSON.stringify([action, back]));
    }
  });

  it('names models by rank, so that the same point means the new best when the pool has grown', () => {
    const values = { action: 'sft', 'sft.model1': 1 };
    const best = decodeAction(code, values, randomOf('none'));
    assert.deepEqual(best?.models, [sampleStageId(11)]);
    const smaller = codeOf({ plan, pool: poolOf(plan, rows.slice(0, 5)) });
    assert.deepEqual(decodeAction(smaller, values, randomOf('none'))?.models, [sampleStageId(4)]);
  });

  it('counts three or more numbers from the smallest up', () => {
    const action = { ...drawn('sft', 1), parameters: { ...drawn('sft', 1).parameters, steps: 40 } };
    assert.equal(encodeAction(code, action)?.['sft.steps'], 2);
  });

  it('mends points that mean no legal action', () => {
    const nearMerge = { action: 'merge', 'merge.models': '3', 'merge.model1': 1, 'merge.model2': 1 };
    const merge = decodeAction(code, { ...nearMerge, 'merge.model3': 1 }, randomOf('none'));
    assert.deepEqual(merge?.models, [11, 10, 9].map(sampleStageId));
    const noData = { action: 'sft', 'sft.model1': 0.5, 'sft.dataset.alpha': 'no', 'sft.dataset.beta': 'no' };
    assert.equal(decodeAction(code, noData, randomOf('none'))?.datasets.length, 1);
  });

  it('has no point for what is no action of the plan', () => {
    assert.equal(encodeAction(code, { ...drawn('sft', 1), models: ['elsewhere'] }), null);
    assert.equal(encodeAction(code, { ...drawn('sft', 1), kind: 'dpo' }), null);
  });
});

describe('variants', () => {
  it('are legal, differ from the action and among each other, and change one thing', () => {
    for (const action of ACTIONS) {
      const variants = variantsOf(code, action);
      const ids = variants.map((variant) => stageIdOf(stageOfAction(plan, variant.action)));
      assert.ok(variants.length > 0);
      assert.ok(variants.every((variant) => isLegal({ plan, pool }, variant.action)));
      assert.ok(!ids.includes(stageIdOf(stageOfAction(plan, action))));
      for (const { of, action: other } of variants) {
        assert.equal(of === 'models', JSON.stringify(other.models) !== JSON.stringify(action.models));
        assert.equal(of === 'datasets', JSON.stringify(other.datasets) !== JSON.stringify(action.datasets));
      }
    }
  });

  it('move a number less where they are nearer', () => {
    const action = { ...drawn('sft', 1), parameters: { ...drawn('sft', 1).parameters, learningRate: 3e-4 } };
    const rates = variantsOf(code, action).filter(({ of }) => of === 'learningRate');
    const nearest = [...rates].sort((a, b) => a.distance - b.distance)[0];
    assert.equal(rates.length, 6);
    assert.ok(Math.abs(Math.log(Number(nearest?.action.parameters['learningRate']) / 3e-4)) < 0.4);
  });
});
