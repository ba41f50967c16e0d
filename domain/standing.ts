import { asRecipe, recipeOf } from './fidelity.js';
import { growingQuantiles, type QuantilesThen } from './modelRanks.js';
import { growingOpenModels, type OpenModels } from './openModels.js';
import type { Plan } from './plan.js';
import { givenModels, inheritedIds, joinPool, type Pool, type Tried } from './pool.js';
import type { ProposedTrial, TrialRecord } from './trial.js';

/** What follows from a plan and the first rows of its ledger. */
export interface Standing {
  /** The rows as policies see them. */
  readonly rows: readonly TrialRecord[];
  readonly pool: Pool;
  readonly open: OpenModels;
  /** Ids that must not be proposed again, beside those of these trials. */
  tried(inFlight: readonly ProposedTrial[]): Tried;
  /** By trial, the rank quantiles that its action's models had when it was booked; worked out when first asked for. */
  ranksThen(): QuantilesThen;
}

/** A standing that grows with the ledger: a row costs the same whether it is the hundredth or the ten-thousandth. */
export interface GrowingStanding extends Standing {
  /** The next row. All that was handed out grows with it. */
  add(row: TrialRecord): void;
}

export function growingStanding(plan: Plan): GrowingStanding {
  const rows: TrialRecord[] = [];
  const pool = givenModels(plan);
  const ids = new Set(plan.models.map(recipeOf));
  const quantiles = growingQuantiles(plan);
  const { open, join } = growingOpenModels({ plan, pool });
  for (const model of pool.values()) join(model);
  return {
    ...{ rows, pool, open },
    tried: (inFlight) => {
      const now = new Set(inFlight.map(recipeOf));
      return { has: (id) => ids.has(id) || now.has(id) };
    },
    ranksThen: () => quantiles.upTo(rows),
    add: (ledgerRow) => {
      const row = asRecipe(ledgerRow);
      rows.push(row);
      for (const id of [recipeOf(row), ...inheritedIds(plan, [row])]) ids.add(id);
      const model = joinPool(plan, pool, row);
      if (model !== null) join(model);
    },
  };
}
