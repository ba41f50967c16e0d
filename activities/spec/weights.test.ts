import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { safetensors } from './testSpec.js';
import { BrokenWeights, weightsFacts } from './weights.js';

describe('the identity of weights', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lamdagent-weights-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function facts(...contents: readonly Buffer[]) {
    const files = contents.map((_, index) => join(folder, `${String(index)}.safetensors`));
    await Promise.all(contents.map((bytes, index) => writeFile(files[index] ?? '', bytes)));
    return weightsFacts(files);
  }
  /** The same tensors in two files: `b` holds 0 … 3 in both layouts. */
  const whole = safetensors({ b: [2, 2] });

  it('is frozen: changing it would orphan every recorded hash', async () => {
    assert.deepEqual(await facts(whole), {
      weightsSha256: '9356c4c32d667f3a72fb160a855f921cee5a08e86f28edaa341a1e1f8ea0bc4a',
      parameterCount: 4,
    });
  });

  it('does not depend on the layout, but on names, shapes and bytes', async () => {
    const one = await facts(safetensors({ a: [0], b: [2, 2] }));
    assert.deepEqual(await facts(whole, safetensors({ a: [0] })), one);
    assert.deepEqual(await facts(safetensors({ b: [2, 2], a: [0] })), one);
    for (const other of [
      { a: [0], c: [2, 2] },
      { a: [0], b: [4] },
      { a: [1], b: [2, 2] },
    ])
      assert.notEqual((await facts(safetensors(other))).weightsSha256, one.weightsSha256);
  });

  it('is refused for torn, foreign and doubled files', async () => {
    await assert.rejects(facts(whole.subarray(0, whole.length - 1)), /expected tensor b up to byte/);
    for (const bad of [
      Buffer.alloc(0),
      Buffer.from('short'),
      Buffer.from('no safetensors file at all'),
      whole.subarray(0, 20),
    ])
      await assert.rejects(facts(bad), BrokenWeights);
    await assert.rejects(facts(whole, whole), /expected tensor b once, got it twice/);
  });
});
