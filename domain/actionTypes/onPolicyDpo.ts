import type { ActionType } from './actionType.js';
import { DPO_LOSS } from './dpo.js';
import { SAMPLING } from './sampling.js';
import { trainingAt } from './training.js';

export const ON_POLICY_DPO: ActionType = {
  kind: 'onPolicyDpo',
  title: 'DPO on the model’s own best and worst answers',
  paper: 'https://arxiv.org/abs/2402.04792',
  models: { minimum: 1, maximum: 1 },
  data: ['verifiable'],
  parameters: [...trainingAt(5e-6), ...SAMPLING, ...DPO_LOSS],
};
