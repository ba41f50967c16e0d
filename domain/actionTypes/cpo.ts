import type { ActionType } from './actionType.js';
import { beta, sftWeight } from './preferenceLoss.js';
import { trainingAt } from './training.js';

const SIMPO = { parameter: 'loss', isOneOf: ['simpo'] } as const;

export const CPO: ActionType = {
  kind: 'cpo',
  title: 'contrastive preference optimisation or SimPO, preference without a reference',
  paper: 'https://arxiv.org/abs/2401.08417',
  models: { minimum: 1, maximum: 1 },
  data: ['preference'],
  parameters: [
    ...trainingAt(5e-6),
    {
      name: 'loss',
      type: 'choice',
      choices: ['sigmoid', 'hinge', 'ipo', 'simpo'],
      default: 'sigmoid',
      meaning:
        'simpo: mean log-probabilities and a margin (arXiv 2405.14734), with beta 2 to 10 and sftWeight 0; sigmoid is CPO’s own',
    },
    beta('scale of the difference between chosen and rejected'),
    {
      name: 'gamma',
      type: 'number',
      minimum: 0,
      maximum: 100,
      default: 0.5,
      when: SIMPO,
      meaning: 'margin by which the chosen reward should be higher',
    },
    sftWeight('chosen', 1),
  ],
};
