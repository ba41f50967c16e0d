import type { Proposal } from '../../domain/decision.js';
import { codeOf } from '../../domain/encoding.js';
import { childOf, populationOf } from '../../domain/evolution.js';
import { isFounding } from '../../domain/founding.js';
import { isNew } from '../../domain/space.js';
import { trialName } from '../../domain/trial.js';
import { plainProposal, type Policy, type PolicyContext } from './policy.js';
import { draw } from './random.js';

/** Children that are looked at before chance takes over. */
const MOST_CHILDREN = 100;

/** Regularised evolution (domain/evolution.ts) after some random founders. */
export const evolutionPolicy: Policy = {
  name: 'evolution',
  propose: (context) => Promise.resolve(propose(context)),
};

function propose(context: PolicyContext): Proposal | null {
  const founder = draw(context);
  if (founder === null) return null;
  if (isFounding(context.plan, [...context.rows, ...context.inFlight]))
    return { ...founder, reason: 'a founder: drawn at random' };
  const population = populationOf(context.rows);
  const code = codeOf(context);
  const random = context.random('evolution');
  for (let tries = 0; tries < MOST_CHILDREN; tries += 1) {
    const child = childOf(code, population, random);
    if (child !== null && isNew(context, child.action))
      return plainProposal(child.action, `${child.operator} of ${trialName(child.parent.trial)}`);
  }
  return { ...founder, fallback: true, reason: 'no new child was found: drawn at random' };
}
