import type { Plan, Split } from '../../domain/plan.js';
import { compareRows } from '../../domain/ranking.js';
import { sha256Hex } from '../../domain/stage.js';
import type { BenchmarkScore, TrialRecord } from '../../domain/trial.js';
import { createLedgerActivities } from '../ledger/activities.js';
import { createFinalActivities } from '../ledger/final.js';
import type { Store } from '../store/store.js';
import { BASE, itemsOf, type Ability } from './testAbility.js';
import { FINALISTS } from './testPlan.js';

/** What was simulated: the rows, and the truth behind them by stage id. */
export interface Simulated {
  readonly rows: readonly TrialRecord[];
  readonly abilities: ReadonlyMap<string, Ability>;
}

/** One model's score, item by item. */
export function scoreOn(
  split: Split,
  name: string,
  { trial, ability }: { readonly trial: number; readonly ability: Ability },
): BenchmarkScore {
  const items = itemsOf(name === 'tools' ? ability.tools : ability.following, {
    benchmark: name,
    split,
    trial,
  });
  const score = items.reduce((sum, one) => sum + one, 0) / items.length;
  const evaluator = {
    benchmarkSha256: sha256Hex(`${name} ${split}`),
    templateSha256: sha256Hex('template'),
    generationSha256: sha256Hex(`${name} generation`),
  };
  return {
    stageId: sha256Hex(`evaluation ${name} ${split} ${String(trial)}`),
    score,
    standardError: Math.sqrt((score * (1 - score)) / (items.length - 1)),
    items: items.length,
    evaluator,
  };
}

/** Scores the finalists on the later splits and lets the product conclude. */
export async function concludeSynthetic(
  store: Store,
  plan: Plan,
  { rows, abilities }: Simulated,
): Promise<void> {
  const { explorationId } = plan;
  const ledger = createLedgerActivities({ store });
  const final = createFinalActivities({ store, writeReport: () => Promise.resolve() });
  const ranked = [...rows].sort(compareRows).filter(({ score, feasible }) => score !== null && feasible);
  const finalists = ranked
    .filter(({ origin }) => origin === 'policy')
    .slice(0, FINALISTS)
    .map(({ trial }) => trial);
  const publish = async (split: Split, trials: readonly number[]) => {
    for (const row of rows.filter(({ trial }) => trials.includes(trial))) {
      const ability = abilities.get(row.stageId) ?? BASE;
      const scores = Object.fromEntries(
        plan.benchmarks.map(({ name }) => [name, scoreOn(split, name, { trial: row.trial, ability })]),
      );
      for (const [name, { stageId, score }] of Object.entries(scores)) {
        const items = itemsOf(name === 'tools' ? ability.tools : ability.following, {
          benchmark: name,
          split,
          trial: row.trial,
        });
        const text = items
          .map((one, index) => JSON.stringify({ id: `${name}-${String(index)}`, score: one }))
          .join('\n');
        await store.publish(stageId, 'evaluate', [{ path: 'rows.jsonl', text }], { score });
      }
      if (split !== 'search')
        await ledger.recordFinal({ explorationId, split, result: laterResult(row, scores) });
    }
  };
  await publish('search', [0, 1, ...ranked.slice(0, 30).map(({ trial }) => trial)]);
  await publish('confirm', [0, 1, ...finalists]);
  const input = { explorationId, ledgerRows: rows.length };
  const { champion } = await final.confirm({ ...input, finalists });
  const tested = [...new Set([0, 1, champion])];
  const models = tested.map((trial) => ({
    trial,
    stageId: rows.find((row) => row.trial === trial)?.stageId ?? '',
  }));
  await ledger.openTest({ explorationId, by: 'synthetic', models });
  await publish('test', tested);
  await final.conclude({ ...input, stoppedBecause: `budget: ${String(rows.length - 2)} trials` });
}

function laterResult(row: TrialRecord, scores: TrialRecord['scores']) {
  const { trial, status, message, stageId, weightsSha256, startedAt, endedAt } = row;
  return {
    trial,
    status,
    message,
    stageId,
    weightsSha256,
    scores,
    stages: [],
    metrics: {},
    startedAt,
    endedAt,
  };
}
