import type { ActionType } from './actionType.js';
import { beta, PULL } from './preferenceLoss.js';
import { trainingAt } from './training.js';

export const KTO: ActionType = {
  kind: 'kto',
  title: 'Kahneman-Tversky optimisation on answers labelled good or bad',
  paper: 'https://arxiv.org/abs/2402.01306',
  models: { minimum: 1, maximum: 1 },
  data: ['labelled', 'preference'],
  parameters: [
    ...trainingAt(5e-6),
    {
      name: 'loss',
      type: 'choice',
      choices: ['kto', 'apoZero'],
      default: 'kto',
      meaning: 'kto compares with the mean drift from the reference, apoZero with none (arXiv 2408.06266)',
    },
    beta(PULL),
    {
      name: 'desirableWeight',
      type: 'number',
      minimum: 0.001,
      maximum: 1000,
      default: 1,
      meaning: 'weight of the good answers; raise it where there are fewer of them',
    },
    {
      name: 'undesirableWeight',
      type: 'number',
      minimum: 0.001,
      maximum: 1000,
      default: 1,
      meaning: 'weight of the bad answers',
    },
  ],
};
