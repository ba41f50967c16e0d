import type { ParameterType } from './actionType.js';

/** What preference losses call beta; each means something of its own by it. */
export function beta(meaning: string): ParameterType {
  return { name: 'beta', type: 'number', minimum: 0.0001, maximum: 100, default: 0.1, meaning };
}

export const PULL = 'strength of the pull towards the reference';

/** The weight of an SFT loss beside a method's own; `answers`: those it falls on. */
export function sftWeight(answers: 'chosen' | 'given', usual: number): ParameterType {
  const meaning = `weight of the SFT loss on the ${answers} answers`;
  return { name: 'sftWeight', type: 'number', minimum: 0, maximum: 100, default: usual, meaning };
}
