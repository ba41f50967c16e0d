import type { JsonObject } from '../../domain/json.js';
import { tinySpec } from '../../test/kill/spec.js';

export interface ScaleSpec {
  readonly name: string;
  readonly seed: number;
  readonly trials: number;
  readonly parallel: number;
}

/**
 * The tiny world with room for any number of trials: learning rates of a range, merges of all that was found, and the
 * policy that explorations have without an LLM. One benchmark to score, and the guard.
 */
export function scaleSpec({ name, seed, trials, parallel }: ScaleSpec): JsonObject {
  const whole = tinySpec({ name, seed, trials, parallel });
  const { plural, format } = whole['benchmarks'] as JsonObject;
  const actions = structuredClone(whole['actions']) as Record<string, Record<string, JsonObject>>;
  const sft = actions['sft'] ?? {};
  const learningRate = { low: 1e-5, high: 1e-3, scale: 'log' };
  actions['sft'] = { ...sft, parameters: { ...sft['parameters'], learningRate } };
  return { ...whole, actions, benchmarks: { plural, format }, policy: 'evolution' } as JsonObject;
}
