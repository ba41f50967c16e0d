import assert from 'node:assert/strict';
import type { GpuFleet } from './gpuClass.js';
import { memoryForecasts, withoutImpossible, type SizedModel, type SizedSpace } from './memoryLimits.js';
import { poolOf } from './pool.js';
import { randomOf } from './random.js';
import { samplePlan } from './samples.js';
import { faultOfAction, sampleNewAction } from './space.js';
import type { Action } from './trial.js';

const fleetOf = (gigabytes: number): GpuFleet => ({
  classes: [{ name: 'only', memoryBytes: gigabytes * 1e9, pricePerHour: null }],
  actions: {},
});
const shape = {
  parameters: 8e9,
  linearParameters: 7e9,
  linearWidths: 1e6,
  hidden: 4096,
  layers: 32,
  vocabulary: 128_000,
  context: 8192,
};
const models: readonly SizedModel[] = [{ name: 'base', shape }];
const [sft, merge] = samplePlan().actions;
assert.ok(sft && merge);

describe('what no class can hold', () => {
  it('is left out of the space, with a note', () => {
    const { space, notes } = withoutImpossible<SizedSpace>(sft, models, fleetOf(24));
    assert.deepEqual(space.parameters['tuning'], { kind: 'choices', values: ['lora'] });
    assert.match(notes.join(), /actions\.sft\.parameters\.tuning: full left out/);
  });

  it('leaves a space alone where everything may fit, where nothing does, and where no class is known', () => {
    for (const fleet of [fleetOf(80), fleetOf(1), undefined])
      assert.deepEqual(withoutImpossible<SizedSpace>(sft, models, fleet), { space: sft, notes: [] });
    assert.deepEqual(withoutImpossible<SizedSpace>(merge, models, fleetOf(1)).notes, []);
  });

  it('is what a smaller model among the given ones makes possible', () => {
    const two = [...models, { name: 'little', shape: { ...shape, parameters: 1e9 } }];
    assert.deepEqual(withoutImpossible<SizedSpace>(sft, two, fleetOf(24)).notes, []);
  });

  it('is neither legal nor drawn', () => {
    const given = {
      name: 'base',
      stageId: 'b'.repeat(64),
      weightsSha256: 'f'.repeat(64),
      parameterCount: 8e9,
      shape,
    };
    const plan = samplePlan({ models: [given], workers: fleetOf(24) });
    const pool = poolOf(plan, []);
    const action = (tuning: string): Action => ({
      ...{ kind: 'sft', models: [given.stageId], datasets: ['alpha'] },
      parameters: {
        ...{
          learningRate: 1e-4,
          steps: 10,
          batchSize: 4,
          warmupSteps: 2,
          scheduler: 'linear',
          maxLength: 64,
        },
        ...{ weightDecay: 0, tuning, ...(tuning === 'lora' ? { loraRank: 4, loraAlpha: 8 } : {}) },
      },
    });
    assert.match(
      faultOfAction({ plan, pool }, action('full')) ?? '',
      /^memory: expected at most the 24\.0 GB of only, got at least 64\.0 GB\. Use tuning: lora or qlora/,
    );
    assert.equal(faultOfAction({ plan, pool }, action('lora')), null);
    for (let seed = 0; seed < 20; seed += 1) {
      const drawn = sampleNewAction(
        { plan, pool, tried: new Set() },
        'sft',
        randomOf('memory', String(seed)),
      );
      assert.equal(drawn?.parameters['tuning'], 'lora');
    }
    const tiny = { plan: { ...plan, workers: fleetOf(1) }, pool, tried: new Set<string>() };
    assert.equal(sampleNewAction(tiny, 'sft', randomOf('memory')), null);
  });
});

describe('forecasts', () => {
  it('name the classes by action type and tuning, and what fits none', () => {
    const found = memoryForecasts([sft, merge], models, fleetOf(24));
    assert.deepEqual(
      found.map(({ kind, tuning, model, classes, isImpossible }) => [
        kind,
        tuning,
        model,
        classes.join(),
        isImpossible,
      ]),
      [
        ['sft', 'full', 'base', '', true],
        ['sft', 'lora', 'base', 'only', false],
        ['evaluate', null, 'base', 'only', false],
      ],
    );
  });
});
