import { ApplicationFailure } from '@temporalio/common';
import { splitScores } from '../../domain/final.js';
import type { Plan } from '../../domain/plan.js';
import type { Estimate } from '../../domain/result.js';
import {
  orderVerdict,
  type OrderRow,
  type ScaledPipeline,
  type ScaleOutcome,
  type ScalePlan,
  type ScaleResult,
} from '../../domain/scale.js';
import { LEVEL } from '../../domain/statistics.js';
import type { TrialResult } from '../../domain/trial.js';
import { gainOn } from '../ledger/figures.js';
import type { StoredScale } from '../ledger/read.js';
import type { Store } from '../store/store.js';

/** A pipeline with what its two models gave. */
interface Pair {
  readonly pipeline: ScaledPipeline;
  readonly original: TrialResult;
  readonly scaled: TrialResult;
}
type Gap = (a: TrialResult, b: TrialResult) => Promise<Estimate | null>;

/** Every pipeline against its twin and its base, and every two pipelines against each other: all on the confirm split. */
export async function compareScales(
  store: Store,
  plan: Plan,
  { study, rows }: { readonly study: ScalePlan; readonly rows: StoredScale['rows'] },
): Promise<ScaleResult> {
  const pairs = study.pipelines.map((pipeline) => pairOf(pipeline, rows));
  const [base] = pairs;
  if (base?.original.status !== 'completed' || base.scaled.status !== 'completed')
    throw ApplicationFailure.nonRetryable(
      `base: expected its scores on the confirm split, got ${base?.original.message ?? 'none'} ${base?.scaled.message ?? ''}. ` +
        'Mend what it names and start the study again under another size: what is scored is reused.',
      'BaseNotScored',
    );
  const gap: Gap = (a, b) =>
    a.status === 'completed' && b.status === 'completed'
      ? gainOn(store, plan, [a, b], 'confirm')
      : Promise.resolve(null);
  const pipelines: ScaleOutcome[] = [];
  for (const pair of pairs) pipelines.push(await outcomeOf(plan, pair, { base, gap }));
  const spend = spendOf(rows.map(({ result }) => result));
  const orders = await ordersOf(pairs, gap);
  const endedAt = new Date().toISOString();
  return { schemaVersion: 1, plan: study, level: LEVEL, pipelines, orders, spend, endedAt };
}

function pairOf(pipeline: ScaledPipeline, rows: StoredScale['rows']): Pair {
  const of = (stageId: string): TrialResult => {
    const row = rows.find(({ result }) => result.stageId === stageId);
    if (row === undefined)
      throw ApplicationFailure.nonRetryable(`model ${stageId}: expected its row, got none`, 'RowMissing');
    return row.result;
  };
  return { pipeline, original: of(pipeline.original), scaled: of(pipeline.scaled) };
}

async function outcomeOf(
  plan: Plan,
  { pipeline, original, scaled }: Pair,
  { base, gap }: { readonly base: Pair; readonly gap: Gap },
): Promise<ScaleOutcome> {
  const { trial, label } = pipeline;
  const scores = (of: TrialResult, from: TrialResult) =>
    of.status === 'completed' ? { ...splitScores(plan, of, from), trial } : null;
  const isBase = trial === base.pipeline.trial;
  return {
    trial,
    label,
    status: { original: original.status, scaled: scaled.status },
    message: [original.message, scaled.message].filter((text) => text !== '').join('; '),
    original: scores(original, base.original),
    scaled: scores(scaled, base.scaled),
    change: original === scaled ? null : await gap(scaled, original),
    gain: {
      original: isBase ? null : await gap(original, base.original),
      scaled: isBase ? null : await gap(scaled, base.scaled),
    },
  };
}

/** Every two pipelines, the base among them, whose four models were all scored. */
async function ordersOf(pairs: readonly Pair[], gap: Gap): Promise<readonly OrderRow[]> {
  const orders: OrderRow[] = [];
  for (const [index, first] of pairs.entries())
    for (const second of pairs.slice(index + 1)) {
      const original = await gap(first.original, second.original);
      const scaled = await gap(first.scaled, second.scaled);
      if (original === null || scaled === null) continue;
      const trials = [first.pipeline.trial, second.pipeline.trial] as const;
      orders.push({ trials, original, scaled, verdict: orderVerdict(original, scaled) });
    }
  return orders;
}

function spendOf(results: readonly TrialResult[]): ScaleResult['spend'] {
  const stages = results.flatMap((one) => one.stages);
  const sum = (of: 'gpuSeconds' | 'lostGpuSeconds', reused: boolean): number =>
    stages.filter((one) => one.reused === reused).reduce((total, one) => total + one[of], 0);
  return {
    gpuSeconds: sum('gpuSeconds', false),
    lostGpuSeconds: sum('lostGpuSeconds', false),
    savedGpuSeconds: sum('gpuSeconds', true),
  };
}
