import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkModel } from '../spec/modelFolder.js';
import type { Fault } from '../spec/faults.js';
import { tensorEntries } from '../spec/weights.js';

/** What a spec's settings depend on; of a model on a hub nothing is known before the start. */
export interface ModelFacts {
  readonly parameterCount: number;
  /** The longest sequence it takes; null: its configuration does not say. */
  readonly maxPositions: number | null;
}

/** Reads headers and configuration, no weights; what is wrong goes to `onFault`. */
export async function modelFacts(
  folder: string,
  onFault: (fault: Fault) => void,
): Promise<ModelFacts | null> {
  const { weights, others } = await checkModel('--model', folder, onFault);
  if (weights.length === 0 || !others.includes('config.json')) return null;
  const entries = await tensorEntries(weights.map((name) => join(folder, name)));
  const parameterCount = entries.reduce(
    (sum, { shape }) => sum + shape.reduce((size, one) => size * one, 1),
    0,
  );
  const config: unknown = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
  const { max_position_embeddings: positions } = (config ?? {}) as { max_position_embeddings?: unknown };
  return { parameterCount, maxPositions: typeof positions === 'number' ? positions : null };
}
