import { judge } from '../../domain/ranking.js';
import { constraintChances } from '../../domain/constraintChance.js';
import { fastIntegers } from '../../domain/fastRandom.js';
import { SPLITS, type Plan, type Split } from '../../domain/plan.js';
import { samplePlan, sampleProposal, sampleResult, sampleStageId } from '../../domain/samples.js';
import { sha256Hex } from '../../domain/stage.js';
import type { BenchmarkScore, TrialOrigin, TrialRecord, TrialResult } from '../../domain/trial.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { createLedgerActivities } from './activities.js';
import { createFinalActivities } from './final.js';

/** How often a model answers right, by benchmark; the same items are hard for all models. */
export interface Ability {
  readonly trial: number;
  readonly origin: TrialOrigin;
  readonly skill: number;
  readonly guard: number;
}

export const ITEMS = 128;
/** A base, SFT on all data that breaks the guard, and two trials of which the third keeps it. */
export const ABILITIES: readonly Ability[] = [
  { trial: 0, origin: 'base', skill: 0.3, guard: 0.9 },
  { trial: 1, origin: 'allData', skill: 0.45, guard: 0.5 },
  { trial: 2, origin: 'policy', skill: 0.6, guard: 0.9 },
  { trial: 3, origin: 'policy', skill: 0.4, guard: 0.9 },
];

export interface ConcludedWorld {
  readonly plan: Plan;
  /** Scores the models on the split, records that, and returns their results. */
  scoreOn(split: Exclude<Split, 'search'>, trials: readonly number[]): Promise<readonly TrialResult[]>;
  readonly final: ReturnType<typeof createFinalActivities>;
  readonly ledger: ReturnType<typeof createLedgerActivities>;
}

/** A plan whose search is over: rows in the ledger, and every evaluation an object with its items' scores. */
export async function searchedWorld(
  store: Store,
  changes: Partial<Plan> = {},
  abilities: readonly Ability[] = ABILITIES,
): Promise<ConcludedWorld> {
  const plan = samplePlan({
    constraints: [{ benchmark: 'guard', relativeToBase: true, bound: -0.05 }],
    ...changes,
  });
  const { explorationId, name } = plan;
  const ledger = createLedgerActivities({ store });
  await store.putIfAbsent(keys.plan(explorationId), JSON.stringify(plan));
  const pointer = { explorationId, workflowId: `explore/${name}`, startedAt: '2026-01-01T00:00:00.000Z' };
  await store.replace(keys.name(name), JSON.stringify(pointer));
  const searched = await Promise.all(abilities.map((one) => resultOn(store, one, 'search')));
  const base = searched[0]?.scores ?? {};
  for (const [sequence, result] of searched.entries())
    await ledger.record({ explorationId, row: rowOf(plan, abilities[sequence], { result, base, sequence }) });
  return {
    plan,
    ledger,
    final: createFinalActivities({ store, writeReport: () => Promise.resolve() }),
    scoreOn: async (split, trials) => {
      const chosen = abilities.filter(({ trial }) => trials.includes(trial));
      const results = await Promise.all(chosen.map((one) => resultOn(store, one, split)));
      for (const result of results) await ledger.recordFinal({ explorationId, split, result });
      return results;
    },
  };
}

function rowOf(
  plan: Plan,
  ability: Ability | undefined,
  of: {
    readonly result: TrialResult;
    readonly base: Readonly<Record<string, BenchmarkScore>>;
    readonly sequence: number;
  },
): TrialRecord {
  const { result, base, sequence } = of;
  return {
    ...{ schemaVersion: 1, ...sampleProposal(result.trial, ability?.origin ?? 'policy'), ...result },
    ...judge(plan, result.scores, base),
    constraints: constraintChances(plan, result.scores, base),
    sequence,
  };
}

async function resultOn(store: Store, ability: Ability, split: Split): Promise<TrialResult> {
  const scores: Record<string, BenchmarkScore> = {};
  for (const benchmark of ['skill', 'guard'] as const)
    scores[benchmark] = await evaluated(store, { ability, benchmark, split });
  return { ...sampleResult(ability.trial, 0), stageId: sampleStageId(ability.trial), scores };
}

/** Publishes the evaluation: each item has a difficulty that all models share, and a little luck of its own. */
async function evaluated(
  store: Store,
  of: { readonly ability: Ability; readonly benchmark: 'skill' | 'guard'; readonly split: Split },
): Promise<BenchmarkScore> {
  const { ability, benchmark, split } = of;
  const difficulty = fastIntegers(`difficulty ${benchmark} ${split}`);
  const luck = fastIntegers(`luck ${benchmark} ${split} ${String(ability.trial)}`);
  const rows = Array.from({ length: ITEMS }, (_, item) => {
    const hardness = (difficulty(1000) + (benchmark === 'skill' ? luck(100) - 50 : 0)) / 1000;
    return { id: `${benchmark}-${split}-${String(item)}`, score: hardness < ability[benchmark] ? 1 : 0 };
  });
  const score = rows.reduce((sum, row) => sum + row.score, 0) / ITEMS;
  const stageId = sha256Hex(`evaluation ${benchmark} ${split} ${String(ability.trial)}`);
  const text = rows.map((row) => JSON.stringify(row)).join('\n');
  await store.publish(stageId, 'evaluate', [{ path: 'rows.jsonl', text }], { score });
  return { stageId, score, standardError: Math.sqrt((score * (1 - score)) / (ITEMS - 1)), items: ITEMS };
}

/** The whole end of an exploration, as its workflow asks for it. */
export async function concluded(world: ConcludedWorld, finalists: readonly number[] = [2, 3]) {
  const { plan, final, ledger, scoreOn } = world;
  const { explorationId } = plan;
  await scoreOn('confirm', [0, 1, ...finalists]);
  const input = { explorationId, ledgerRows: ABILITIES.length };
  const confirmation = await final.confirm({ ...input, finalists });
  const tested = [...new Set([0, 1, confirmation.champion])];
  const models = tested.map((trial) => ({ trial, stageId: sampleStageId(trial) }));
  await ledger.openTest({ explorationId, by: 'run-1', models });
  await scoreOn('test', tested);
  return final.conclude({ ...input, stoppedBecause: 'budget: 2 trials' });
}

/** The items of the guard's splits in clusters of the size; the plan then names these benchmarks. */
export async function clusteredGuard(store: Store, plan: Plan, size: number): Promise<Plan['benchmarks']> {
  const splits = { ...plan.benchmarks[1]?.splits } as Record<Split, { stageId: string; items: number }>;
  for (const split of SPLITS) {
    const items = Array.from({ length: ITEMS }, (_, item) => ({
      ...{ id: `guard-${split}-${String(item)}`, messages: [], answers: ['x'] },
      cluster: Math.floor(item / size),
    }));
    const stageId = sha256Hex(`clustered guard ${split} ${String(size)}`);
    const text = items.map((one) => JSON.stringify(one)).join('\n');
    await store.publish(stageId, 'benchmark', [{ path: 'items.jsonl', text }], { items: ITEMS });
    splits[split] = { stageId, items: ITEMS };
  }
  return plan.benchmarks.map((one) => (one.name === 'guard' ? { ...one, splits } : one));
}
