import type { Proposal } from '../../domain/decision.js';
import { sampleNewAction } from '../../domain/space.js';
import { plainProposal, type Policy, type PolicyContext } from './policy.js';

/** The control arm: an action type uniformly among those with something new, then its objects. */
export const randomPolicy: Policy = {
  name: 'random',
  propose: async (context) => Promise.resolve(draw(context)),
};

/** A new legal action by chance alone; null: none is left. Other policies begin with it and fall back on it. */
export function draw(context: PolicyContext): Proposal | null {
  const kinds = context.random('actionType').shuffle(context.plan.actions.map((space) => space.kind));
  for (const kind of kinds) {
    const action = sampleNewAction(context, kind, context.random(`objects of ${kind}`));
    if (action !== null) return plainProposal(action, 'drawn at random');
  }
  return null;
}
