import type { ParameterType } from './actionType.js';

const ADAPTED = { parameter: 'tuning', isOneOf: ['lora', 'qlora'] } as const;

/** The parameters that all trainings share. */
export const TRAINING: readonly ParameterType[] = [
  {
    name: 'learningRate',
    type: 'number',
    minimum: 1e-8,
    maximum: 1,
    default: 3e-4,
    meaning: 'peak learning rate of AdamW',
  },
  {
    name: 'steps',
    type: 'integer',
    minimum: 1,
    maximum: 1_000_000,
    default: 100,
    meaning: 'optimiser steps',
  },
  {
    name: 'batchSize',
    type: 'integer',
    minimum: 1,
    maximum: 65_536,
    default: 16,
    meaning: 'sequences a step, over all devices',
  },
  {
    name: 'warmupSteps',
    type: 'integer',
    minimum: 0,
    maximum: 1_000_000,
    default: 8,
    meaning: 'steps of linear warm-up',
  },
  {
    name: 'scheduler',
    type: 'choice',
    choices: ['linear', 'cosine', 'constant'],
    default: 'linear',
    meaning: 'learning rate after the warm-up',
  },
  {
    name: 'maxLength',
    type: 'integer',
    minimum: 8,
    maximum: 1_048_576,
    default: 1024,
    meaning: 'longest sequence, tokens',
  },
  {
    name: 'weightDecay',
    type: 'number',
    minimum: 0,
    maximum: 1,
    default: 0,
    meaning: 'decoupled weight decay',
  },
  {
    name: 'tuning',
    type: 'choice',
    choices: ['full', 'lora', 'qlora'],
    default: 'full',
    meaning: 'train all weights or low-rank adapters; qlora: beside weights held in 4 bits',
  },
  {
    name: 'loraRank',
    type: 'integer',
    minimum: 1,
    maximum: 1024,
    default: 16,
    when: ADAPTED,
    meaning: 'rank of the adapters',
  },
  {
    name: 'loraAlpha',
    type: 'number',
    minimum: 0.01,
    maximum: 4096,
    default: 32,
    when: ADAPTED,
    meaning: 'adapter scale: alpha / rank',
  },
];

/** Those parameters with another default learning rate: preference losses want a smaller one. */
export function trainingAt(learningRate: number): readonly ParameterType[] {
  return TRAINING.map((type) => (type.name === 'learningRate' ? { ...type, default: learningRate } : type));
}
