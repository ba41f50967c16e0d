import { NO_ASCENT } from './ascent.js';
import type { Exploration } from './exploration.js';
import { firstReason, machineRulesOf } from './stopRules.js';

/**
 * The kind of promotion that may still begin once the search is over; null: none.
 *
 * `promotion`: what the rungs allow goes up, since promotions are no trials of the budget; unless GPU-seconds or wall
 * clock are spent, or the target is reached. `final`: when nothing came to the top, the best `finalists` pipelines are run there, even beyond
 * the budget: without them there would be nothing to confirm. A search that a person stopped begins neither.
 */
export function closingStep(state: Exploration, now: string): 'promotion' | 'final' | null {
  if (state.plan.fidelity === undefined || state.stopReason !== null) return null;
  const { atTop, drained, finals } = state.ascent ?? NO_ASCENT;
  const isSpent = firstReason(machineRulesOf(state.plan), state, now) !== null;
  if (!drained && finals === 0 && !isSpent) return 'promotion';
  if (finals === 0 && (atTop > 0 || state.inFlight.length > 0)) return null;
  return finals < state.plan.finalists ? 'final' : null;
}

/** A closing question was answered with nothing, or (`started`) with a trial. */
export function withClosing(state: Exploration, step: 'promotion' | 'final', started: boolean): Exploration {
  const ascent = state.ascent ?? NO_ASCENT;
  if (step === 'promotion')
    return started || state.inFlight.length > 0 ? state : { ...state, ascent: { ...ascent, drained: true } };
  const finals = started ? ascent.finals + 1 : state.plan.finalists;
  return { ...state, ascent: { ...ascent, finals } };
}
