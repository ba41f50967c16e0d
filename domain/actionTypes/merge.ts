import type { ActionType, ParameterType } from './actionType.js';

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

export const MERGE: ActionType = {
  kind: 'merge',
  title: 'model merging',
  paper: 'https://arxiv.org/abs/2306.01708',
  models: { minimum: 2, maximum: MOST_MERGED },
  data: [],
  parameters: MERGING,
};
