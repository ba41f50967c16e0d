import { metricsOf } from '../metrics.js';
import type { ParameterType } from './actionType.js';

/** Of action types that train on the model's own answers, which a rule or a reward model scores. */
export const SAMPLING: readonly ParameterType[] = [
  {
    name: 'reward',
    type: 'choice',
    choices: [...metricsOf('generation'), 'model', 'function'],
    default: 'exactMatch',
    meaning:
      'how a sampled answer is scored: a metric of generated answers (docs/evaluation.md), model: the spec’s rewardModel, or function: its rewardFunction',
  },
  {
    name: 'samples',
    type: 'integer',
    minimum: 2,
    maximum: 256,
    default: 8,
    meaning: 'answers sampled for each prompt',
  },
  {
    name: 'temperature',
    type: 'number',
    minimum: 0.05,
    maximum: 5,
    default: 1,
    meaning: 'of the sampling',
  },
  {
    name: 'maxNewTokens',
    type: 'integer',
    minimum: 1,
    maximum: 65_536,
    default: 256,
    meaning: 'longest sampled answer, tokens; it also ends where it and its prompt fill maxLength',
  },
];
