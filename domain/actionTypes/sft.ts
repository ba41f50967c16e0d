import type { ActionType } from './actionType.js';
import { TRAINING } from './training.js';

const FREEZES = { parameter: 'freeze', isOneOf: ['lowerLayers'] } as const;

export const SFT: ActionType = {
  kind: 'sft',
  title: 'supervised fine-tuning',
  paper: 'https://arxiv.org/abs/2203.02155',
  models: { minimum: 1, maximum: 1 },
  data: ['sft'],
  parameters: [
    ...TRAINING,
    {
      name: 'packing',
      type: 'choice',
      choices: ['none', 'bestFit'],
      default: 'none',
      unsaidAtDefault: true,
      meaning:
        'bestFit: several rows share a sequence of maxLength tokens, and longer rows are split, not cut',
    },
    {
      name: 'neftuneAlpha',
      type: 'number',
      minimum: 0,
      maximum: 1000,
      default: 0,
      unsaidAtDefault: true,
      meaning: 'scale of uniform noise on the embeddings (NEFTune, arXiv 2310.05914); 0: none, 5 is usual',
    },
    {
      name: 'freeze',
      type: 'choice',
      choices: ['none', 'embeddings', 'lowerLayers'],
      default: 'none',
      when: { parameter: 'tuning', isOneOf: ['full'] },
      unsaidAtDefault: true,
      meaning: 'weights that stay as they are; lowerLayers: the embeddings and the first layers',
    },
    {
      name: 'frozenShare',
      type: 'number',
      minimum: 0.01,
      maximum: 1,
      default: 0.5,
      when: FREEZES,
      meaning: 'share of the layers that is frozen, from the first on',
    },
  ],
};
