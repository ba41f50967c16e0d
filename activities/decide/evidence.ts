import type { BuildKind } from '../../domain/stage.js';
import { ranking } from '../../domain/ranking.js';
import { mean } from '../../domain/statistics.js';
import type { TrialRecord } from '../../domain/trial.js';
import { costOf, costText } from './costs.js';
import { listed, stepText, trialText } from './describe.js';
import type { Message } from './exchange.js';
import type { PolicyContext } from './policy.js';

/** How much of the ledger a prompt shows. Prompts are shortened by showing fewer rows, never by cutting text. */
export interface Detail {
  readonly topTrials: number;
  readonly lastTrials: number;
  readonly topModels: number;
  readonly newestModels: number;
  /** Steps of a candidate's recipe, the last ones. */
  readonly recipeSteps: number;
  readonly datasets: number;
  /** Values that a parameter's list offers. */
  readonly choices: number;
  /** Trials in flight, and benchmark scores of one line. */
  readonly running: number;
  readonly benchmarks: number;
}

/** From full to sparse. */
const DETAILS: readonly [Detail, ...(readonly Detail[])] = [
  detail([5, 20], [8, 4, 3], [40, 16, 16, 8]),
  ...[15, 10, 7, 5].map((lastTrials) => detail([5, lastTrials], [8, 4, 3], [40, 16, 16, 8])),
  detail([5, 3], [6, 3, 3], [24, 12, 8, 8]),
  detail([3, 2], [5, 2, 3], [16, 10, 5, 6]),
  detail([2, 1], [4, 2, 2], [10, 8, 3, 4]),
  detail([1, 1], [3, 1, 2], [6, 6, 2, 3]),
  detail([1, 0], [2, 1, 2], [4, 5, 1, 1]),
  detail([0, 0], [1, 1, 1], [3, 3, 0, 0]),
];

function detail(
  [topTrials, lastTrials]: readonly [number, number],
  [topModels, newestModels, recipeSteps]: readonly [number, number, number],
  [datasets, choices, running, benchmarks]: readonly [number, number, number, number],
): Detail {
  return {
    topTrials,
    lastTrials,
    topModels,
    newestModels,
    recipeSteps,
    datasets,
    choices,
    running,
    benchmarks,
  };
}

/** Tokens a character, at worst: text full of digits. */
const TOKENS_PER_CHARACTER = 0.45;

/** The fullest form that fits the limit, else the sparsest. */
export function fitting<T extends { readonly messages: readonly Message[] }>(
  promptTokens: number,
  build: (detail: Detail) => T,
): T {
  const [fullest, ...sparser] = DETAILS;
  let built = build(fullest);
  for (const detail of sparser) {
    if (estimatedTokens(built.messages) <= promptTokens) return built;
    built = build(detail);
  }
  return built;
}

export function estimatedTokens(messages: readonly Message[]): number {
  return messages.reduce((total, one) => total + Math.ceil(one.content.length * TOKENS_PER_CHARACTER), 0);
}

/** The best and the newest rows as lines: the numbers that a digest would lose. */
export function trialTable(context: PolicyContext, detail: Detail): string {
  const top = ranking(context.rows).slice(0, detail.topTrials);
  const newest = lastOf(context.rows, detail.lastTrials).filter((row) => !top.includes(row));
  const lines = (rows: readonly TrialRecord[]) =>
    rows.map((row) => `- ${trialText(context, row, detail.benchmarks)}`).join('\n');
  return [
    ...(top.length === 0 ? [] : [`Best trials:\n${lines(top)}`]),
    ...(newest.length === 0 ? [] : [`Newest trials:\n${lines(newest)}`]),
  ].join('\n');
}

/** `sft: tried 5, failed 1, better than its parents 2`. */
export function successCounts(context: PolicyContext): string {
  return context.plan.actions
    .map(({ kind }) => {
      const rows = context.rows.filter((row) => row.action?.kind === kind);
      const failed = rows.filter((row) => row.score === null).length;
      const better = rows.filter((row) => isBetter(context, row)).length;
      const counts = `${kind}: tried ${String(rows.length)}, failed ${String(failed)}, better than its parents ${String(better)}`;
      return `${counts}${meanCost(context, rows)}`;
    })
    .join('\n');
}

function meanCost({ plan }: PolicyContext, rows: readonly TrialRecord[]): string {
  const costs = rows.flatMap((row) => costOf(plan, row) ?? []);
  if (costs.length === 0 || plan.agent === undefined) return '';
  return `, mean cost ${costText(plan.agent.costs, mean(costs))}`;
}

/** The action types of all trials in the order they were proposed, trials in flight included. */
export function kindsTried({ rows, inFlight }: PolicyContext): readonly BuildKind[] {
  const proposed = [...rows, ...inFlight].sort((a, b) => a.trial - b.trial);
  return proposed.flatMap(({ action }) => action?.kind ?? []);
}

export function runningText(context: PolicyContext, { running: most }: Detail): string {
  const running = context.inFlight.flatMap((one) =>
    one.action === null ? [] : [stepText(context, one.action)],
  );
  return running.length === 0 ? '' : `Running now, results unknown: ${listed(running, most, '; ')}\n`;
}

export function lastOf<T>(list: readonly T[], count: number): readonly T[] {
  return count === 0 ? [] : list.slice(-count);
}

function isBetter({ pool }: PolicyContext, row: TrialRecord): boolean {
  if (row.score === null || row.action === null) return false;
  const parents = row.action.models.map((id) => pool.get(id)?.row?.score ?? Number.NEGATIVE_INFINITY);
  return row.score > Math.max(...parents);
}
