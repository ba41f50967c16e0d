import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { ModelShape } from '../../domain/memory.js';
import { tensorEntries } from './weights.js';

/** Keys of a configuration that matter; models of several kinds of input keep those of the text in `text_config`. */
const Sizes = z.object({
  hidden_size: z.int().min(0).catch(0),
  num_hidden_layers: z.int().min(0).catch(0),
  vocab_size: z.int().min(0).catch(0),
  max_position_embeddings: z.int().min(0).catch(0),
});

/** From the headers of the weights and the configuration; what the latter doesn't say is 0. Throws BrokenWeights. */
export async function modelShape(weights: readonly string[], config: string): Promise<ModelShape> {
  const tensors = await tensorEntries(weights);
  const linear = tensors.filter(({ name, shape }) => shape.length === 2 && name.includes('.layers.'));
  const sizes = await sizesOf(config);
  return {
    parameters: elements(tensors),
    linearParameters: elements(linear),
    linearWidths: linear.reduce((total, { shape }) => total + (shape[0] ?? 0) + (shape[1] ?? 0), 0),
    hidden: sizes.hidden_size,
    layers: sizes.num_hidden_layers,
    vocabulary: sizes.vocab_size,
    context: sizes.max_position_embeddings,
  };
}

function elements(tensors: readonly { readonly shape: readonly number[] }[]): number {
  return tensors.reduce((total, { shape }) => total + shape.reduce((size, one) => size * one, 1), 0);
}

async function sizesOf(file: string): Promise<z.infer<typeof Sizes>> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  try {
    const config = JSON.parse(text) as { readonly text_config?: unknown };
    return Sizes.parse(config.text_config ?? config);
  } catch {
    return Sizes.parse({}); // what is wrong with it is a fault of its own (foreignConfig.ts)
  }
}
