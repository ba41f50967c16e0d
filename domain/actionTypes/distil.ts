import type { ActionType } from './actionType.js';
import { sftWeight } from './preferenceLoss.js';
import { TRAINING } from './training.js';

export const DISTIL: ActionType = {
  kind: 'distil',
  title: 'distillation of a teacher model into a student on given answers',
  paper: 'https://arxiv.org/abs/2306.13649',
  models: { minimum: 2, maximum: 2, roles: ['model', 'teacher'] },
  data: ['sft'],
  parameters: [
    ...TRAINING,
    {
      name: 'divergence',
      type: 'choice',
      choices: ['forwardKl', 'reverseKl', 'jsd'],
      default: 'forwardKl',
      meaning: 'KL(teacher, student), KL(student, teacher), or the generalised Jensen-Shannon divergence',
    },
    {
      name: 'jsdBeta',
      type: 'number',
      minimum: 0.01,
      maximum: 0.99,
      default: 0.5,
      when: { parameter: 'divergence', isOneOf: ['jsd'] },
      meaning: 'share of the teacher in the mixture; towards 0 like forwardKl, towards 1 like reverseKl',
    },
    {
      name: 'temperature',
      type: 'number',
      minimum: 0.1,
      maximum: 20,
      default: 1,
      meaning: 'divides the logits of both before they are compared',
    },
    sftWeight('given', 0),
  ],
};
