import type { Proposal } from '../../domain/decision.js';
import { codeOf } from '../../domain/encoding.js';
import { isFounding } from '../../domain/founding.js';
import type { Action } from '../../domain/trial.js';
import { plainProposal, type Policy, type PolicyContext } from './policy.js';
import { draw } from './random.js';
import { firstNew, newOnes, requestFor } from './slate.js';

/** Suggestions a decision asks for. */
const SLATE = 8;

/**
 * Tree-structured Parzen estimators over the flat form of actions (domain/flatSpace.ts), sampled in the GPU worker.
 * The first trials are drawn at random. Then the first suggestion that is new is taken, or the new action nearest to
 * one; where a slate holds neither, a seeded draw takes its place and the reason says so.
 */
export const tpePolicy: Policy = {
  name: 'tpe',
  propose: async (context) => (await proposeByTpe(context))?.proposal ?? null,
};

/** What TPE does, and the new actions of its slate, best first; none while the first trials are drawn. */
export interface ByTpe {
  readonly proposal: Proposal;
  readonly slate: readonly Action[];
}

export async function proposeByTpe(context: PolicyContext): Promise<ByTpe | null> {
  const substitute = draw(context);
  if (substitute === null) return null;
  if (isFounding(context.plan, [...context.rows, ...context.inFlight]))
    return { proposal: { ...substitute, reason: 'one of the first trials: drawn at random' }, slate: [] };
  const code = codeOf(context);
  const slate = await context.suggest(requestFor(context, code, SLATE));
  const found = firstNew(context, code, slate);
  if (found === null) {
    const reason = emptyReason(slate.suggestions.length);
    return { proposal: { ...substitute, fallback: true, reason }, slate: [] };
  }
  const which = `suggestion ${String(found.place + 1)} of ${String(slate.suggestions.length)}`;
  const proposal = plainProposal(
    found.action,
    `TPE: ${found.exact ? '' : 'the new action nearest to '}${which}`,
  );
  return { proposal, slate: newOnes(context, code, slate) };
}

function emptyReason(suggestions: number): string {
  const why = suggestions === 0 ? 'no suggestions came' : 'none of the suggestions was new';
  return `TPE: ${why}: drawn at random`;
}
