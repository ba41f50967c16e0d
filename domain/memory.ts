import type { ParameterValues } from './parameterSpace.js';
import type { StageKind } from './stage.js';

/** What the memory of a model's stages depends on, read from the headers of its weights and its config.json. */
export interface ModelShape {
  /** Elements of all stored tensors. */
  readonly parameters: number;
  /** Elements of the weights of all linear layers: what QLoRA holds in 4 bits. */
  readonly linearParameters: number;
  /** Their inputs and outputs, summed: what LoRA's adapters hold for each rank. */
  readonly linearWidths: number;
  /** Of the configuration; 0 where it doesn't say, like all below. */
  readonly hidden: number;
  readonly layers: number;
  readonly vocabulary: number;
  /** Longest sequence, tokens. */
  readonly context: number;
}

/** Bytes that a stage takes on its device. */
export interface MemoryNeed {
  /** What it can't do without, whatever the device: below it nothing runs. A stage above it may still not fit. */
  readonly floor: number;
  /** A forecast for a device that computes in bfloat16, with one sequence at a time. Only ever a preference. */
  readonly about: number;
}

/**
 * Bytes of one parameter: of frozen weights in 4 bits with their constants (train/quantized.py) and in bfloat16, of LoRA's
 * factors and of weights that are trained whole.
 */
const PACKED = 0.5 + 1 / 64 + 4 / (64 * 256);
const FROZEN = 2;
const FLOAT = 4;
/** Weight, gradient and AdamW's two moments of what is trained. */
const TRAINED_COPIES = 4;
/** The part of a device that the state of a float32 training may take, else the worker trains bfloat16 weights (train/model.py). */
const MEMORY_SHARE = 0.8;
/**
 * Hidden vectors that a layer keeps of a token for the backward pass: measured on layers of Llama and Qwen2 with an MLP of
 * 2.75 times the width, without the attention's scores (Korthikanti et al. 2022, arXiv 2205.05198, eq. 1, counts 17).
 */
const LAYER_VALUES = 21;
/** Bytes a vocabulary entry takes for each token: logits in float32, their gradient, the loss's copy. */
const LOGIT_BYTES = 12;
/** Of an evaluation's weights: its cache and logits on top. */
const EVALUATION_SHARE = 1.2;
/** Sequences of one row, where it is not one: the chosen and the rejected answer. */
const SEQUENCES: Readonly<Partial<Record<StageKind, number>>> = {
  ...{ dpo: 2, orpo: 2, cpo: 2, onPolicyDpo: 2, rewardModel: 2 },
};

const NOTHING: MemoryNeed = { floor: 0, about: 0 };

/** A model of which nothing but its size is known: all of it may be linear layers, which take the least. */
export function shapeOfSize(parameters: number): ModelShape {
  return {
    parameters,
    linearParameters: parameters,
    linearWidths: 0,
    hidden: 0,
    layers: 0,
    vocabulary: 0,
    context: 0,
  };
}

/**
 * What a stage of the kind takes. `models`: the one that is trained or scored first, then those it is taught by.
 * The same floor as `train/memory.py` has for bfloat16, so that nothing is refused here that a worker would try.
 */
export function memoryNeed(
  kind: StageKind,
  parameters: ParameterValues,
  models: readonly ModelShape[],
): MemoryNeed {
  const [model, ...teachers] = models;
  if (model === undefined) return NOTHING;
  const taught = teachers.reduce((total, one) => total + FROZEN * one.parameters, 0);
  if (kind === 'evaluate') {
    const weights = FROZEN * model.parameters;
    return { floor: weights, about: weights * EVALUATION_SHARE };
  }
  if (kind === 'merge') return NOTHING; // merges stream through the CPU's memory
  const need = stateOf(parameters, model);
  const activations = activationsOf(model, Number(parameters['maxLength'] ?? 0)) * (SEQUENCES[kind] ?? 1);
  return {
    floor: need.floor + taught,
    about: Math.max(need.about / MEMORY_SHARE, need.about + taught + activations),
  };
}

/** Weights, gradients and moments. */
function stateOf(parameters: ParameterValues, shape: ModelShape): MemoryNeed {
  const { parameters: size, linearWidths } = shape;
  const tuning = parameters['tuning'];
  if (tuning === 'lora' || tuning === 'qlora') {
    const adapters = Number(parameters['loraRank'] ?? 0) * linearWidths;
    const frozen = tuning === 'lora' ? FROZEN * size : packedBytes(shape);
    const state = frozen + FLOAT * TRAINED_COPIES * adapters;
    return { floor: state, about: state };
  }
  const about = FLOAT * TRAINED_COPIES * size;
  const isPartial = (parameters['freeze'] ?? 'none') !== 'none';
  return { floor: (isPartial ? 1 : TRAINED_COPIES) * FROZEN * size, about };
}

/** Linear layers in 4 bits, the rest in bfloat16. */
function packedBytes({ parameters, linearParameters }: ModelShape): number {
  const packed = Math.min(linearParameters, parameters);
  return FROZEN * (parameters - packed) + Math.floor(PACKED * packed);
}

/** Of one sequence of the greatest length. */
function activationsOf({ hidden, layers, vocabulary, context }: ModelShape, maxLength: number): number {
  const tokens = context > 0 ? Math.min(maxLength, context) : maxLength;
  return tokens * (LAYER_VALUES * FROZEN * hidden * layers + LOGIT_BYTES * vocabulary);
}
