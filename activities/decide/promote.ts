import type { DecideInput, PromotionKind } from '../../domain/decision.js';
import { finalPromotion, nextPromotion, type Promotion } from '../../domain/halving.js';
import type { Plan } from '../../domain/plan.js';
import type { TrialRecord } from '../../domain/trial.js';

export interface Ascending {
  readonly kind: PromotionKind;
  readonly promotion: Promotion<TrialRecord>;
  readonly reason: string;
}

/** The trial that goes up a rung before any policy is asked; null: none, or the search has no rungs. */
export function promotionFor(
  { fidelity }: Plan,
  rows: readonly TrialRecord[],
  { inFlight, only }: DecideInput,
): Ascending | null {
  if (fidelity === undefined) return null;
  const isFinal = only === 'final';
  const promotion = isFinal ? finalPromotion(rows, inFlight) : nextPromotion(fidelity, rows, inFlight);
  if (promotion === null) return null;
  const { row, place, of } = promotion;
  const stands = `number ${String(place)} of ${String(of)} on ${String(row.fidelity ?? 1)} of the data`;
  const reason = isFinal
    ? `${stands}; nothing had reached all of the data when the search ended`
    : `${stands}, of which one in ${String(fidelity.reduction)} goes on`;
  return { kind: isFinal ? 'finalPromotion' : 'promotion', promotion, reason };
}
