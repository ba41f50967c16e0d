import type { ActionType } from './actionType.js';
import { beta } from './preferenceLoss.js';
import { trainingAt } from './training.js';

export const ORPO: ActionType = {
  kind: 'orpo',
  title: 'odds-ratio preference optimisation, SFT and preference in one stage without a reference',
  paper: 'https://arxiv.org/abs/2403.07691',
  models: { minimum: 1, maximum: 1 },
  data: ['preference'],
  parameters: [
    ...trainingAt(1e-5),
    beta('weight of the odds-ratio loss beside the SFT loss; lambda in the paper'),
  ],
};
