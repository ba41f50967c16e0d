import { constraintEvidence } from '../../domain/constraintEvidence.js';
import { DEFAULT_LEVEL, SPLITS, type Plan, type Split } from '../../domain/plan.js';
import type {
  ConstraintEvidence,
  Estimate,
  Figures,
  GainFigures,
  ModelFigures,
} from '../../domain/result.js';
import { fourWay, shrinkageOf } from '../../domain/shrinkage.js';
import { pairedDifference, scoreEstimate } from '../../domain/statistics.js';
import type { TrialRecord, TrialResult } from '../../domain/trial.js';
import type { Store } from '../store/store.js';
import { constraintItems, pairedItems, scoredItems } from './itemScores.js';

/** A model's results by split; null where it has none. */
type BySplit = Readonly<Record<Split, TrialResult | null>>;

/** Everything that was scored, where a search stands at its end. */
export interface FinalScores {
  readonly rows: readonly TrialRecord[];
  readonly confirm: readonly TrialResult[];
  readonly test: readonly TrialResult[];
}

/** A model's score on one split with a two-sided 95 % interval. */
export async function estimateOn(
  store: Store,
  plan: Plan,
  model: TrialResult,
  split: Split,
): Promise<Estimate> {
  return scoreEstimate(await scoredItems(store, plan, model, split), `${plan.seed} ${split}`);
}

/** A model's item-paired gain over another with a two-sided 95 % interval. */
export async function gainOn(
  store: Store,
  plan: Plan,
  pair: readonly [TrialResult, TrialResult],
  split: Split,
): Promise<Estimate> {
  return pairedDifference(await pairedItems(store, plan, pair, split), `${plan.seed} ${split}`);
}

/** What the items of a split say of each constraint, by one-sided intervals at the plan's level. */
export async function evidenceOn(
  store: Store,
  plan: Plan,
  pair: readonly [TrialResult, TrialResult],
  split: Split,
): Promise<readonly ConstraintEvidence[]> {
  const items = await constraintItems(store, plan, pair, split);
  const level = plan.level ?? DEFAULT_LEVEL;
  return items.map((one) =>
    constraintEvidence(one, { level, seed: `${plan.seed} ${split} ${one.constraint.benchmark}` }),
  );
}

/** The base, SFT on all data and the champion on all three splits, what was gained, and what was luck. */
export async function figuresOf(
  store: Store,
  plan: Plan,
  scored: FinalScores,
  chosen: { readonly champion: number; readonly finalists: number },
): Promise<Figures> {
  const allData = scored.rows.find(({ origin }) => origin === 'allData')?.trial;
  const trials = [...new Set([0, ...(allData === undefined ? [] : [allData]), chosen.champion])];
  const models: ModelFigures[] = [];
  for (const trial of trials) models.push(await modelFigures(store, plan, trial, bySplit(scored, trial)));
  const gains: GainFigures[] = [];
  for (const over of trials)
    if (over !== chosen.champion && chosen.champion !== 0)
      gains.push(
        await gainFigures(store, plan, over, [bySplit(scored, chosen.champion), bySplit(scored, over)]),
      );
  return {
    models,
    gains,
    shrinkage: luckOf(scored.rows, chosen.champion, models, gains),
    counts: fourWay(scored.rows, chosen),
    constraintsOnTest: await championOnTest(store, plan, scored, chosen.champion),
  };
}

function bySplit({ rows, confirm, test }: FinalScores, trial: number): BySplit {
  const of = (results: readonly TrialResult[]): TrialResult | null =>
    results.find((one) => one.trial === trial && one.status === 'completed') ?? null;
  return { search: of(rows), confirm: of(confirm), test: of(test) };
}

async function modelFigures(store: Store, plan: Plan, trial: number, model: BySplit): Promise<ModelFigures> {
  const on = async (split: Split): Promise<Estimate | null> => {
    const result = model[split];
    return result === null ? null : estimateOn(store, plan, result, split);
  };
  return { trial, search: await on('search'), confirm: await on('confirm'), test: await on('test') };
}

async function gainFigures(
  store: Store,
  plan: Plan,
  over: number,
  [champion, other]: readonly [BySplit, BySplit],
): Promise<GainFigures> {
  const on = async (split: Split): Promise<Estimate | null> => {
    const [left, right] = [champion[split], other[split]];
    return left === null || right === null ? null : gainOn(store, plan, [left, right], split);
  };
  const [search, confirm, test] = await Promise.all(SPLITS.map(on));
  return { over, search: search ?? null, confirm: confirm ?? null, test: test ?? null };
}

function luckOf(
  rows: readonly TrialRecord[],
  champion: number,
  models: readonly ModelFigures[],
  gains: readonly GainFigures[],
): Figures['shrinkage'] {
  const row = rows.find(({ trial }) => trial === champion);
  const score = models.find(({ trial }) => trial === champion);
  if (champion === 0 || row === undefined || score === undefined) return null;
  const candidates = fourWay(rows, null).feasible;
  const gain = gains.find(({ over }) => over === 0) ?? null;
  return shrinkageOf(candidates, row.standardError ?? 0, { score, gain });
}

async function championOnTest(
  store: Store,
  plan: Plan,
  { test }: FinalScores,
  champion: number,
): Promise<readonly ConstraintEvidence[]> {
  const [best, base] = [champion, 0].map((trial) => test.find((one) => one.trial === trial));
  if (champion === 0 || best === undefined || base === undefined) return [];
  return evidenceOn(store, plan, [best, base], 'test');
}
