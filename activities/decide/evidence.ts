import type { BuildKind } from '../../domain/stage.js';
import { ranking } from '../../domain/ranking.js';
import type { TrialRecord } from '../../domain/trial.js';
import { actionText, trialText } from './describe.js';
import type { Message } from './exchange.js';
import type { PolicyContext } from './policy.js';

/** How much of the ledger a prompt shows. Prompts are shortened by showing fewer rows, never by cutting text. */
export interface Detail {
  readonly topTrials: number;
  readonly lastTrials: number;
  readonly topModels: number;
  readonly newestModels: number;
}

/** From full to sparse. */
const DETAILS: readonly Detail[] = [
  ...[20, 15, 10, 7, 5].map((lastTrials) => ({ topTrials: 5, lastTrials, topModels: 8, newestModels: 4 })),
  { topTrials: 5, lastTrials: 3, topModels: 6, newestModels: 3 },
  { topTrials: 3, lastTrials: 2, topModels: 5, newestModels: 2 },
  { topTrials: 2, lastTrials: 1, topModels: 4, newestModels: 2 },
  { topTrials: 1, lastTrials: 1, topModels: 3, newestModels: 1 },
  { topTrials: 1, lastTrials: 0, topModels: 2, newestModels: 1 },
];

/** Tokens a character, at worst: text full of digits. */
const TOKENS_PER_CHARACTER = 0.45;

/** The fullest form that fits the limit, else the sparsest. */
export function fitting<T extends { readonly messages: readonly Message[] }>(
  promptTokens: number,
  build: (detail: Detail) => T,
): T {
  let built: T | undefined;
  for (const detail of DETAILS) {
    built = build(detail);
    if (estimatedTokens(built.messages) <= promptTokens) return built;
  }
  return built ?? build({ topTrials: 1, lastTrials: 0, topModels: 2, newestModels: 0 });
}

export function estimatedTokens(messages: readonly Message[]): number {
  return messages.reduce((total, one) => total + Math.ceil(one.content.length * TOKENS_PER_CHARACTER), 0);
}

/** The best and the newest rows as lines: the numbers that a digest would lose. */
export function trialTable(context: PolicyContext, detail: Detail): string {
  const top = ranking(context.rows).slice(0, detail.topTrials);
  const newest = lastOf(context.rows, detail.lastTrials).filter((row) => !top.includes(row));
  const lines = (rows: readonly TrialRecord[]) =>
    rows.map((row) => `- ${trialText(context, row)}`).join('\n');
  return [
    `Best trials:\n${lines(top)}`,
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
      return `${kind}: tried ${String(rows.length)}, failed ${String(failed)}, better than its parents ${String(better)}`;
    })
    .join('\n');
}

/** How often the action type was tried, trials in flight included. */
export function timesTried(context: PolicyContext, kind: BuildKind): number {
  return [...context.rows, ...context.inFlight].filter((one) => one.action?.kind === kind).length;
}

export function runningText(context: PolicyContext): string {
  const running = context.inFlight.flatMap((one) =>
    one.action === null ? [] : [actionText(context, one.action)],
  );
  return running.length === 0 ? '' : `Running now, results unknown: ${running.join('; ')}\n`;
}

export function trialsLeft({ plan, decision }: PolicyContext): string {
  return `Trials left: ${String(Math.max(1, plan.budget.trials - decision))} of ${String(plan.budget.trials)}.`;
}

export function lastOf<T>(list: readonly T[], count: number): readonly T[] {
  return count === 0 ? [] : list.slice(-count);
}

function isBetter({ pool }: PolicyContext, row: TrialRecord): boolean {
  if (row.score === null || row.action === null) return false;
  const parents = row.action.models.map((id) => pool.get(id)?.row?.score ?? Number.NEGATIVE_INFINITY);
  return row.score > Math.max(...parents);
}
