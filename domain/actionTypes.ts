import type { BuildKind } from './stage.js';

/** One hyper-parameter of an action type: its range, default and meaning. Schema, docs, prompts and checks come from here. */
export interface ParameterType {
  readonly name: string;
  readonly type: 'number' | 'integer' | 'choice';
  /** Inclusive bounds of a number or integer. */
  readonly minimum?: number;
  readonly maximum?: number;
  readonly choices?: readonly string[];
  readonly default: number | string;
  /** The parameter exists only when another one has one of these values. */
  readonly when?: { readonly parameter: string; readonly isOneOf: readonly string[] };
  /** A value may also be a text of anchors by layer, such as `0.2, 0.8` (`gradient.ts`). */
  readonly byLayer?: boolean;
  /** A stage leaves it out where it has its default: what stages from before it existed did. */
  readonly unsaidAtDefault?: boolean;
  readonly meaning: string;
}

export interface ActionType {
  readonly kind: BuildKind;
  readonly title: string;
  readonly paper: string;
  /** Fewest and most pool models the action applies to. */
  readonly models: { readonly minimum: number; readonly maximum: number };
  /** The shape of dataset it trains on; null: none. */
  readonly data: 'sft' | 'preference' | null;
  readonly parameters: readonly ParameterType[];
}

const LORA = { parameter: 'tuning', isOneOf: ['lora'] } as const;

const TRAINING: readonly ParameterType[] = [
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
    choices: ['full', 'lora'],
    default: 'full',
    meaning: 'train all weights or low-rank adapters',
  },
  {
    name: 'loraRank',
    type: 'integer',
    minimum: 1,
    maximum: 1024,
    default: 16,
    when: LORA,
    meaning: 'rank of the adapters',
  },
  {
    name: 'loraAlpha',
    type: 'number',
    minimum: 0.01,
    maximum: 4096,
    default: 32,
    when: LORA,
    meaning: 'adapter scale: alpha / rank',
  },
];

/** What a merge method asks of an action; the methods themselves are Python's (`lamdagent_gpu/merge/`). */
export interface MergeMethod {
  /** Its deltas are taken from the base, which then is an input. */
  readonly needsBase: boolean;
  /** The models' order means something: the first is where it begins. */
  readonly ordered: boolean;
  readonly mostModels: number;
}

const MOST_MERGED = 16;
const ofModels: MergeMethod = { needsBase: false, ordered: false, mostModels: MOST_MERGED };
const ofDeltas: MergeMethod = { ...ofModels, needsBase: true };

export const MERGE_METHODS: Readonly<Record<string, MergeMethod>> = {
  linear: ofModels,
  taskArithmetic: ofDeltas,
  ties: ofDeltas,
  dareLinear: ofDeltas,
  dareTies: ofDeltas,
  della: ofDeltas,
  breadcrumbs: ofDeltas,
  sce: ofDeltas,
  modelStock: ofDeltas,
  slerp: { needsBase: false, ordered: true, mostModels: 2 },
  nuslerp: { needsBase: true, ordered: true, mostModels: 2 },
  karcher: ofModels,
  passthrough: { ...ofModels, ordered: true },
};

const sparsifying = ['ties', 'dareLinear', 'dareTies', 'della', 'breadcrumbs', 'sce'] as const;
const withMethod = (...isOneOf: readonly string[]) => ({ parameter: 'method', isOneOf });

const MERGING: readonly ParameterType[] = [
  {
    name: 'method',
    type: 'choice',
    choices: Object.keys(MERGE_METHODS),
    default: 'linear',
    meaning: 'merge method',
  },
  {
    name: 'lambda',
    type: 'number',
    minimum: -8,
    maximum: 8,
    default: 1,
    when: withMethod('taskArithmetic', ...sparsifying),
    byLayer: true,
    meaning: 'scale of the merged task vector',
  },
  {
    name: 'subtracted',
    type: 'integer',
    minimum: 0,
    maximum: MOST_MERGED - 1,
    default: 0,
    when: withMethod('taskArithmetic'),
    unsaidAtDefault: true,
    meaning: 'how many of the models, the last ones named, have their task vectors subtracted',
  },
  {
    name: 'density',
    type: 'number',
    minimum: 0.001,
    maximum: 1,
    default: 0.5,
    when: withMethod(...sparsifying),
    byLayer: true,
    meaning: 'share of each task vector that is kept',
  },
  {
    name: 'scope',
    type: 'choice',
    choices: ['tensor', 'vector'],
    default: 'tensor',
    when: withMethod('ties'),
    unsaidAtDefault: true,
    meaning: 'trim each tensor or the whole task vector',
  },
  {
    name: 'window',
    type: 'number',
    minimum: 0,
    maximum: 0.5,
    default: 0.15,
    when: withMethod('della'),
    byLayer: true,
    meaning: 'how much likelier than `density` the largest delta of a row is kept, and less the smallest',
  },
  {
    name: 'outliers',
    type: 'number',
    minimum: 0,
    maximum: 0.5,
    default: 0.01,
    when: withMethod('breadcrumbs'),
    byLayer: true,
    meaning: 'share of the largest deltas that is left out',
  },
  {
    name: 't',
    type: 'number',
    minimum: 0,
    maximum: 1,
    default: 0.5,
    when: withMethod('slerp', 'nuslerp'),
    byLayer: true,
    meaning: 'place between the first model, 0, and the second, 1',
  },
  {
    name: 'grain',
    type: 'choice',
    choices: ['tensor', 'row'],
    default: 'tensor',
    when: withMethod('nuslerp'),
    meaning: 'one angle for a tensor or for each of its rows',
  },
  {
    name: 'share',
    type: 'number',
    minimum: 0.05,
    maximum: 1,
    default: 0.75,
    when: withMethod('passthrough'),
    meaning: 'share of its layers that each model gives',
  },
];

export const ACTION_TYPES: Readonly<Record<BuildKind, ActionType>> = {
  sft: {
    kind: 'sft',
    title: 'supervised fine-tuning',
    paper: 'https://arxiv.org/abs/2203.02155',
    models: { minimum: 1, maximum: 1 },
    data: 'sft',
    parameters: TRAINING,
  },
  dpo: {
    kind: 'dpo',
    title: 'direct preference optimisation',
    paper: 'https://arxiv.org/abs/2305.18290',
    models: { minimum: 1, maximum: 1 },
    data: 'preference',
    parameters: [
      ...TRAINING.map((p) => (p.name === 'learningRate' ? { ...p, default: 5e-6 } : p)),
      {
        name: 'beta',
        type: 'number',
        minimum: 0.0001,
        maximum: 100,
        default: 0.1,
        meaning: 'strength of the pull towards the reference',
      },
      {
        name: 'sftWeight',
        type: 'number',
        minimum: 0,
        maximum: 100,
        default: 0,
        meaning: 'weight of the SFT loss on the chosen answers',
      },
    ],
  },
  merge: {
    kind: 'merge',
    title: 'model merging',
    paper: 'https://arxiv.org/abs/2306.01708',
    models: { minimum: 2, maximum: MOST_MERGED },
    data: null,
    parameters: MERGING,
  },
};
