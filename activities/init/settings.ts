import type { DataFile } from './dataFile.js';
import type { ModelFacts } from './modelFacts.js';

/** What is trained with; an array is searched over. */
export interface Settings {
  readonly tuning: 'full' | 'lora';
  readonly learningRate: readonly number[];
  readonly preferenceLearningRate: number;
  readonly batchSize: number;
  readonly steps: readonly number[];
  readonly maxLength: number;
  /** Tokens that the longest training sees, roughly; floating-point operations too, 6 a parameter and token, where the model is known. */
  readonly tokens: number;
  readonly operations: number | null;
}

/** Above this many parameters all weights, their gradients and AdamW's moments take over 16 GB in fp32. */
const MOST_FOR_FULL = 1e9;
/** Bytes of text a token, keys and quotes of the row among them: as a mean of usual vocabularies. */
const BYTES_A_TOKEN = 4;
const MOST_LENGTH = 2048;

/** One pass and three passes over the largest dataset, at rates that are usual for a model of the size. */
export function settingsFor(model: ModelFacts | null, training: readonly DataFile[]): Settings {
  const parameters = model?.parameterCount ?? null;
  const tuning = parameters !== null && parameters <= MOST_FOR_FULL ? 'full' : 'lora';
  const rows = Math.max(0, ...training.map((one) => one.rows));
  const batchSize = rows < 256 ? 8 : 16;
  const pass = Math.max(8, Math.ceil(rows / batchSize));
  const steps = [...new Set([Math.min(pass, 2000), Math.min(3 * pass, 6000)])];
  // A byte is a token at the most: nothing is cut. A longer limit costs nothing, since batches are padded to their longest.
  const longest = Math.max(0, ...training.map((one) => one.longestBytes));
  const maxLength = Math.min(powerAbove(longest), model?.maxPositions ?? MOST_LENGTH, MOST_LENGTH);
  const mean = Math.max(0, ...training.map((one) => one.meanBytes)) / BYTES_A_TOKEN;
  const tokens = Math.round(Math.max(...steps) * batchSize * Math.min(mean, maxLength));
  return {
    ...{ tuning, batchSize, steps, maxLength, tokens },
    learningRate: ratesFor(tuning, parameters),
    preferenceLearningRate: tuning === 'lora' ? 5e-6 : parameters !== null && parameters < 1e8 ? 1e-5 : 1e-6,
    operations: parameters === null ? null : 6 * parameters * tokens,
  };
}

/** Small models want larger steps. */
function ratesFor(tuning: Settings['tuning'], parameters: number | null): readonly number[] {
  if (tuning === 'lora') return [1e-4, 3e-4];
  return parameters !== null && parameters < 1e8 ? [3e-4, 1e-3] : [1e-5, 3e-5];
}

function powerAbove(tokens: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(64, tokens)));
}
