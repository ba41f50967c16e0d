import type { PolicyName } from './plan.js';

/** The share of decisions that `hybrid` gives to the LLM. */
export const LLM_SHARE = 0.3;

/**
 * Whether decision `decision` (from 0) may ask the LLM. Of the first n decisions of `hybrid` exactly floor(0.3 n) may,
 * whatever n is: decisions 3, 6, 9, 13, 16, 19, … The count alone decides, so the share can't be exceeded.
 */
export function mayAskLlm(policy: PolicyName, decision: number): boolean {
  switch (policy) {
    case 'agent':
      return true;
    case 'hybrid':
      return turnsBefore(decision + 1) > turnsBefore(decision);
    case 'random':
    case 'evolution':
    case 'tpe':
      return false;
  }
}

/** Whether the policy has any use for an LLM. */
export function asksLlm(policy: PolicyName): boolean {
  return policy === 'agent' || policy === 'hybrid';
}

/** The last decision before this one that may have asked the LLM, and so holds its memory; -1: there is none. */
export function lastLlmTurn(policy: PolicyName, decision: number): number {
  for (let earlier = decision - 1; earlier >= 0; earlier -= 1) if (mayAskLlm(policy, earlier)) return earlier;
  return -1;
}

/** Multiplied in whole numbers, since 0.3 × 10 is not exact. */
function turnsBefore(decision: number): number {
  return Math.floor((decision * Math.round(LLM_SHARE * 100)) / 100);
}
