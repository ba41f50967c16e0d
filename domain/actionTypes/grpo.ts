import type { ActionType } from './actionType.js';
import { SAMPLING } from './sampling.js';
import { trainingAt } from './training.js';

export const GRPO: ActionType = {
  kind: 'grpo',
  title: 'reinforcement learning with verifiable rewards: group relative policy optimisation, or RLOO',
  paper: 'https://arxiv.org/abs/2402.03300',
  models: { minimum: 1, maximum: 1 },
  data: ['verifiable'],
  parameters: [
    ...trainingAt(1e-6),
    ...SAMPLING,
    {
      name: 'baseline',
      type: 'choice',
      choices: ['group', 'groupCentred', 'leaveOneOut'],
      default: 'group',
      meaning:
        'group: (reward − mean) / deviation of a prompt’s answers; groupCentred: without the deviation (arXiv 2503.20783); leaveOneOut: minus the mean of the others (RLOO, arXiv 2402.14740)',
    },
  ],
  fault: ({ batchSize, samples }) =>
    Number(batchSize) % Number(samples) === 0
      ? null
      : {
          parameter: 'batchSize',
          rule: `a multiple of samples, ${String(samples)}`,
          value: String(batchSize),
        },
};
