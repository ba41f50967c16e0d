import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Json, JsonObject } from '../../domain/json.js';

export const ROOT = join(import.meta.dirname, '..', '..');
const EXAMPLE = join(ROOT, 'examples', 'quickstart');

export interface SpecOptions {
  readonly name: string;
  readonly seed: number;
  readonly trials: number;
  readonly parallel?: number;
  /** Steps of a supervised training. */
  readonly steps?: number;
  readonly changes?: JsonObject;
}

/** The tiny world of the example as plain JSON with absolute paths, as `temporal workflow start` would bring it. */
export function tinySpec({
  name,
  seed,
  trials,
  parallel = 1,
  steps = 60,
  changes = {},
}: SpecOptions): JsonObject {
  const spec = absolute(parse(readFileSync(join(EXAMPLE, 'spec.yaml'), 'utf8')) as Json) as Record<
    string,
    JsonObject
  >;
  const benchmarks = Object.fromEntries(BENCHMARKS.map((one) => [one, spec['benchmarks']?.[one] ?? null]));
  const actions = structuredClone(spec['actions']) as Record<string, Record<string, JsonObject>>;
  const sft = actions['sft'] ?? {};
  actions['sft'] = { ...sft, parameters: { ...sft['parameters'], steps: [steps] } };
  return {
    ...spec,
    name,
    seed,
    actions,
    benchmarks,
    parallel,
    policy: 'random',
    budget: { trials },
    checkpointSeconds: CHECKPOINT_SECONDS,
    ...changes,
  } as JsonObject;
}

/** Enough to score, and the guard. */
const BENCHMARKS = ['plural', 'roman', 'format'];

/** Short, so that a training of a few seconds holds several checkpoints. */
export const CHECKPOINT_SECONDS = 1;

/** Every `path` of the spec made absolute. */
function absolute(value: Json): Json {
  if (Array.isArray(value)) return value.map(absolute);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === 'path' && typeof item === 'string' ? join(EXAMPLE, item) : absolute(item as Json),
    ]),
  );
}
