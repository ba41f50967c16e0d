import type { ActionType } from './actionType.js';
import { SAMPLING } from './sampling.js';
import { TRAINING } from './training.js';

export const RFT: ActionType = {
  kind: 'rft',
  title: 'rejection sampling: SFT on the model’s own right answers',
  paper: 'https://arxiv.org/abs/2308.01825',
  models: { minimum: 1, maximum: 1 },
  data: ['verifiable'],
  parameters: [
    ...TRAINING,
    ...SAMPLING,
    {
      name: 'keep',
      type: 'integer',
      minimum: 1,
      maximum: 256,
      default: 1,
      meaning: 'most answers kept of a prompt: different ones with a reward above 0, the best first',
    },
  ],
};
