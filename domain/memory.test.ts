import assert from 'node:assert/strict';
import fc from 'fast-check';
import { memoryNeed, shapeOfSize, type ModelShape } from './memory.js';

/** A Llama of 8 billion parameters: 32 layers of width 4096. */
const LARGE: ModelShape = {
  parameters: 8_030_000_000,
  linearParameters: 6_979_321_856,
  linearWidths: 32 * (4 * 4096 + 2 * (4096 + 1024) + 3 * (4096 + 14336)),
  hidden: 4096,
  layers: 32,
  vocabulary: 128_256,
  context: 131_072,
};
const gigabytes = (bytes: number): number => Math.round(bytes / 1e8) / 10;

describe('the memory a stage needs', () => {
  it('of a full training is at least 8 bytes a parameter, and about 20 with float32 weights', () => {
    const { floor, about } = memoryNeed('sft', { tuning: 'full', maxLength: 1024 }, [LARGE]);
    assert.deepEqual([gigabytes(floor), gigabytes(about)], [64.2, 160.6]);
  });

  it('of LoRA is the frozen weights and 16 bytes for each of the adapters’ parameters', () => {
    const { floor } = memoryNeed('sft', { tuning: 'lora', loraRank: 16, maxLength: 1024 }, [LARGE]);
    assert.equal(floor, 2 * LARGE.parameters + 16 * 16 * LARGE.linearWidths);
  });

  it('of QLoRA is 4 bits and the constants of linear layers, and the rest in bfloat16', () => {
    const { floor } = memoryNeed('sft', { tuning: 'qlora', loraRank: 16, maxLength: 1024 }, [LARGE]);
    assert.equal(gigabytes(floor), 6.4);
    const unknown = memoryNeed('sft', { tuning: 'qlora', loraRank: 16 }, [shapeOfSize(LARGE.parameters)]);
    assert.ok(unknown.floor < floor, 'nothing is refused for what is not known');
  });

  it('of a partly frozen training says nothing of gradients', () => {
    const { floor } = memoryNeed('sft', { tuning: 'full', freeze: 'lowerLayers', maxLength: 8 }, [LARGE]);
    assert.equal(floor, 2 * LARGE.parameters);
  });

  it('grows with the sequence, up to the context, and doubles where a row has two answers', () => {
    const about = (kind: 'sft' | 'dpo', maxLength: number, context = 8192): number =>
      memoryNeed(kind, { tuning: 'lora', loraRank: 1, maxLength }, [{ ...LARGE, context }]).about;
    const of = (kind: 'sft' | 'dpo', length: number): number => about(kind, length) - about(kind, 0);
    assert.ok(of('sft', 8192) > of('sft', 4096));
    assert.equal(about('sft', 100_000), about('sft', 8192));
    const many = { small: of('sft', 8192), pairs: of('dpo', 8192) };
    assert.ok(many.pairs > many.small);
  });

  it('of a reward model is that of a training', () => {
    const lora = { tuning: 'lora', loraRank: 1, maxLength: 8 };
    assert.equal(memoryNeed('rewardModel', lora, [LARGE]).floor, memoryNeed('dpo', lora, [LARGE]).floor);
  });

  it('counts a teacher, an evaluation’s weights, and nothing for a merge', () => {
    const teacher = shapeOfSize(1e9);
    const lora = { tuning: 'lora', loraRank: 1, maxLength: 8 };
    const [alone, taught] = [[LARGE], [LARGE, teacher]].map(
      (models) => memoryNeed('distil', lora, models).floor,
    );
    assert.equal((taught ?? 0) - (alone ?? 0), 2e9);
    assert.equal(memoryNeed('evaluate', {}, [LARGE]).floor, 2 * LARGE.parameters);
    assert.deepEqual(memoryNeed('merge', {}, [LARGE, LARGE]), { floor: 0, about: 0 });
    assert.deepEqual(memoryNeed('sft', lora, []), { floor: 0, about: 0 });
  });

  it('is never forecast below its floor', () => {
    const shape = fc.record({
      ...{
        parameters: fc.nat(1e12),
        linearParameters: fc.nat(1e12),
        linearWidths: fc.nat(1e8),
        hidden: fc.nat(1e5),
        layers: fc.nat(500),
      },
      ...{ vocabulary: fc.nat(1e6), context: fc.nat(1e6) },
    });
    const parameters = fc.record({
      tuning: fc.constantFrom('full', 'lora', 'qlora'),
      loraRank: fc.integer({ min: 1, max: 1024 }),
      freeze: fc.constantFrom('none', 'embeddings'),
      maxLength: fc.nat(1e6),
    });
    const kinds = fc.constantFrom('sft' as const, 'dpo' as const, 'distil' as const, 'evaluate' as const);
    fc.assert(
      fc.property(
        kinds,
        parameters,
        fc.array(shape, { minLength: 1, maxLength: 2 }),
        (kind, values, models) => {
          const { floor, about } = memoryNeed(kind, values, models);
          assert.ok(floor <= about, `${String(floor)} <= ${String(about)}`);
        },
      ),
    );
  });
});
