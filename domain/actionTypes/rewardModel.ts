import type { ActionType } from './actionType.js';
import { trainingAt } from './training.js';

/** No action: its model only scores, so it joins no pool. A spec names one, and stages that need it have it as input. */
export const REWARD_MODEL: ActionType<'rewardModel'> = {
  kind: 'rewardModel',
  title: 'reward model: scores answers as pairs rank them (Bradley-Terry)',
  paper: 'https://arxiv.org/abs/2203.02155',
  models: { minimum: 1, maximum: 1 },
  data: ['preference'],
  parameters: [
    ...trainingAt(1e-5).map((type) =>
      type.name === 'tuning' ? { ...type, choices: ['full', 'lora'] } : type,
    ),
    {
      name: 'heldOut',
      type: 'number',
      minimum: 0,
      maximum: 0.5,
      default: 0.1,
      meaning: 'share of the prompts that are not trained on but show how often the model ranks a pair right',
    },
  ],
};
