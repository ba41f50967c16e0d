import { constraintChances } from './constraintChance.js';
import { withCost, type KindCosts } from './costs.js';
import { evaluationsOf } from './evaluation.js';
import { beginExploration, withRow, type Exploration } from './exploration.js';
import type { Inheritance, Plan } from './plan.js';
import { judge } from './ranking.js';
import { rewardIdOf, rewardSourceOf } from './reward.js';
import { shortId } from './stage.js';
import { applicable, describeAction } from './stageOfAction.js';
import {
  trialName,
  type Action,
  type BenchmarkScore,
  type ConstraintChance,
  type ProposedTrial,
  type TrialRecord,
} from './trial.js';

/** The ledger that rows are taken from: its first rows, in order. */
export interface SourceLedger {
  readonly plan: Plan;
  readonly rows: readonly TrialRecord[];
}
export interface InheritedRows {
  /** As this exploration's ledger has them, from sequence 0 on. */
  readonly rows: readonly TrialRecord[];
  /** The same rows as they stand in the source. */
  readonly originals: readonly TrialRecord[];
  readonly leftOut: Inheritance['leftOut'];
}

/**
 * The rows that hold here too. A row is taken over when it was scored by the same evaluation stages and everything it
 * is made from is here; the others are left out with their reason. Scores are judged anew, since the objective may
 * differ, and trials get numbers of this exploration: the baselines' own, then in the order of the source.
 */
export function inheritRows(
  plan: Plan,
  baselines: readonly ProposedTrial[],
  source: SourceLedger,
): InheritedRows {
  const kept: TrialRecord[] = [];
  const originals: TrialRecord[] = [];
  const leftOut = new Map<string, number>();
  const names = new Map(plan.models.map(({ stageId, name }) => [stageId, name] as const));
  const numbers = numbering(baselines);
  for (const original of source.rows) {
    const action = actionHere(plan, source.plan, original.action);
    const reason =
      typeof action === 'string' ? action : reasonAgainst(plan, original, { action, models: names });
    if (typeof action === 'string' || reason !== null) {
      leftOut.set(reason ?? '', (leftOut.get(reason ?? '') ?? 0) + 1);
      continue;
    }
    const row = rowHere({ plan, source: source.plan, names, kept }, original, {
      action,
      ...numbers(original),
    });
    kept.push(row);
    originals.push(original);
    if (row.status === 'completed' && !names.has(row.stageId)) names.set(row.stageId, trialName(row.trial));
  }
  return {
    rows: kept,
    originals,
    leftOut: [...leftOut].map(([reason, rows]) => ({ reason, rows })),
  };
}

/** The action with this plan's names for its data; a text when one of them is not here. */
function actionHere(plan: Plan, source: Plan, action: Action | null): Action | null | string {
  if (action === null) return null;
  const by = rewardSourceOf(applicable(action));
  if (by !== null && rewardIdOf(plan, by) !== rewardIdOf(source, by))
    return `its reward ${by} is not in this spec`;
  const datasets: string[] = [];
  for (const name of action.datasets) {
    const stageId = source.datasets.find((one) => one.name === name)?.stageId;
    const here = plan.datasets.find((one) => one.stageId === stageId);
    if (here === undefined) return `dataset ${name} is not in this spec`;
    datasets.push(here.name);
  }
  return { ...action, datasets };
}

function reasonAgainst(
  plan: Plan,
  { status, stageId, scores }: TrialRecord,
  { action, models }: { readonly action: Action | null; readonly models: ReadonlyMap<string, string> },
): string | null {
  if (action === null && stageId !== plan.models[0]?.stageId) return 'it has another base model';
  if (action !== null && action.models.some((id) => !models.has(id)))
    return 'it builds on a model that is not here';
  if (status !== 'completed') return null;
  const wanted = Object.entries(evaluationsOf(plan, 'search', stageId));
  const other = wanted.find(([name, stage]) => scores[name]?.stageId !== stage.stageId);
  return other === undefined ? null : `benchmark ${other[0]} differs`;
}

type Number = Pick<TrialRecord, 'trial' | 'origin'>;

/** Baselines keep their numbers, also while they still have to run here. */
function numbering(baselines: readonly ProposedTrial[]): (row: TrialRecord) => Number {
  const free = new Map(baselines.map((one) => [one.stageId, one] as const));
  let next = baselines.length;
  return ({ stageId }) => {
    const baseline = free.get(stageId);
    free.delete(stageId);
    if (baseline !== undefined) return { trial: baseline.trial, origin: baseline.origin };
    next += 1;
    return { trial: next - 1, origin: 'inherited' };
  };
}

function rowHere(
  world: {
    readonly plan: Plan;
    readonly source: Plan;
    /** Of the pool's models, by stage id. */
    readonly names: ReadonlyMap<string, string>;
    readonly kept: readonly TrialRecord[];
  },
  { intervention: _, retryOf: __, constraints: known = [], ...original }: TrialRecord,
  { action, trial, origin }: Number & { readonly action: Action | null },
): TrialRecord {
  const { plan, source, names, kept } = world;
  const scores = Object.fromEntries(
    plan.benchmarks.flatMap(({ name }): readonly (readonly [string, BenchmarkScore])[] => {
      const score = original.scores[name];
      return score === undefined ? [] : [[name, score]];
    }),
  );
  const baseScores = kept[0]?.scores ?? scores;
  const judged =
    original.status === 'completed'
      ? {
          ...judge(plan, scores, baseScores),
          constraints: constraintChances(plan, scores, baseScores).map((one) => asKnown(known, one)),
        }
      : { score: null, standardError: null, feasible: false };
  return {
    ...original,
    ...{ trial, origin, decision: null, action, scores, ...judged, sequence: kept.length },
    label:
      origin !== 'inherited' || action === null
        ? original.label
        : describeAction(plan, action, (id) => names.get(id) ?? shortId(id)),
    stages: original.stages.map((stage) => ({ ...stage, reused: true })),
    inherited: { explorationId: source.explorationId, trial: original.trial },
  };
}

/** What was said of the same constraint there, which may be by item pairs, still holds. */
function asKnown(known: readonly ConstraintChance[], one: ConstraintChance): ConstraintChance {
  const same = known.find(
    ({ benchmark, base, slack }) =>
      benchmark === one.benchmark && base === one.base && Math.abs(slack - one.slack) < 1e-9,
  );
  return same ?? one;
}

/** What the search starts with instead of nothing; small, unlike the rows. */
export type Inherited = Pick<
  Exploration,
  'ledgerRows' | 'nextTrial' | 'completed' | 'failed' | 'baseScores' | 'allData' | 'top'
> & {
  readonly costs: KindCosts;
  readonly plateau: NonNullable<Exploration['plateau']>;
  /** Trial numbers of the baselines among the rows: they need not run here. */
  readonly baselines: readonly number[];
};

export function inheritedOf(
  plan: Plan,
  baselines: readonly ProposedTrial[],
  { rows, originals }: InheritedRows,
): Inherited {
  const state = rows.reduce(withRow, beginExploration(plan, [], ''));
  const {
    ledgerRows,
    completed,
    failed,
    baseScores,
    allData = null,
    top,
    plateau = { best: null, trials: 0 },
  } = state;
  const numbers = rows.map(({ trial }) => trial);
  return {
    ...{ ledgerRows, completed, failed, baseScores, allData, top, plateau },
    nextTrial: numbers.reduce((next, trial) => Math.max(next, trial + 1), baselines.length),
    costs: originals.reduce(withCost, {}),
    baselines: baselines.map(({ trial }) => trial).filter((trial) => numbers.includes(trial)),
  };
}

/** The exploration at its start, with what was inherited. */
export function withInherited(state: Exploration, { baselines, ...inherited }: Inherited): Exploration {
  const waiting = state.waiting.filter(({ trial }) => !baselines.includes(trial));
  return { ...state, ...inherited, waiting };
}
