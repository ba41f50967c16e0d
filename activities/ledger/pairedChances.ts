import { withPairs } from '../../domain/constraintChance.js';
import type { ConstraintChance, TrialRecord } from '../../domain/trial.js';
import type { Store } from '../store/store.js';
import { pairsOf } from './itemScores.js';

/** The row with item-paired standard errors of its relative constraints, where both evaluations are in the store; clusters are not looked at. */
export async function withPairedChances(store: Store, row: TrialRecord): Promise<TrialRecord> {
  if (row.constraints === undefined) return row;
  const constraints = await Promise.all(row.constraints.map((chance) => paired(store, row, chance)));
  return { ...row, constraints };
}

async function paired(store: Store, row: TrialRecord, chance: ConstraintChance): Promise<ConstraintChance> {
  const own = row.scores[chance.benchmark]?.stageId;
  if (own === undefined || chance.base === null || chance.base === own) return chance;
  const manifests = await Promise.all([own, chance.base].map((stageId) => store.manifest(stageId)));
  if (manifests.includes(null)) return chance;
  const { pairs } = await pairsOf(store, [own, chance.base], null);
  return withPairs(
    chance,
    pairs.map(([candidate, base]) => candidate - base),
  );
}
