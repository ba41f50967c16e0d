import type { ActionType, ParameterType } from './actionType.js';
import { beta, PULL, sftWeight } from './preferenceLoss.js';
import { trainingAt } from './training.js';

/** Losses that are a mean over pairs. `aot` sorts the pairs of a micro-batch, whose size is the device's business. */
const LOSSES = [
  'sigmoid',
  'hinge',
  'ipo',
  'robust',
  'exoPair',
  'ncaPair',
  'bcoPair',
  'sppoHard',
  'apoZero',
  'apoDown',
  'discopop',
  'sigmoidNorm',
] as const;

/** Beside the parameters of all trainings. */
export const DPO_LOSS: readonly ParameterType[] = [
  beta(PULL),
  sftWeight('chosen', 0),
  {
    name: 'loss',
    type: 'choice',
    choices: LOSSES,
    default: 'sigmoid',
    unsaidAtDefault: true,
    meaning: 'what is asked of the rewards of chosen and rejected answers',
  },
  {
    name: 'labelSmoothing',
    type: 'number',
    minimum: 0.00001,
    maximum: 0.49,
    default: 0.1,
    when: { parameter: 'loss', isOneOf: ['robust', 'exoPair'] },
    meaning: 'chance that a pair is the wrong way round; robust: 0.1 is usual, exoPair: 0.001',
  },
  {
    name: 'discopopTau',
    type: 'number',
    minimum: 0.001,
    maximum: 10,
    default: 0.05,
    when: { parameter: 'loss', isOneOf: ['discopop'] },
    meaning: 'how gradually the two losses that discopop mixes give way to each other',
  },
];

export const DPO: ActionType = {
  kind: 'dpo',
  title: 'direct preference optimisation',
  paper: 'https://arxiv.org/abs/2305.18290',
  models: { minimum: 1, maximum: 1 },
  data: ['preference'],
  parameters: [...trainingAt(5e-6), ...DPO_LOSS],
};
