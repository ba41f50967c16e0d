import { sampleNewAction } from '../../domain/space.js';
import type { Policy, PolicyContext } from './policy.js';

/** The control arm: an action type uniformly among those with something new, then its objects. */
export const randomPolicy: Policy = {
  name: 'random',
  propose: async (context) => Promise.resolve(draw(context)),
};

function draw(context: PolicyContext): Awaited<ReturnType<Policy['propose']>> {
  const kinds = context.random('actionType').shuffle(context.plan.actions.map((space) => space.kind));
  for (const kind of kinds) {
    const action = sampleNewAction(context, kind, context.random(`objects of ${kind}`));
    if (action !== null)
      return { action, reason: 'drawn at random', fallback: false, positions: [], calls: [], memory: null };
  }
  return null;
}
