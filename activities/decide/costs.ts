import { fidelityOf } from '../../domain/fidelity.js';
import type { AgentSettings, Budget, Plan } from '../../domain/plan.js';
import { applicable } from '../../domain/stageOfAction.js';
import type { Action, TrialRecord } from '../../domain/trial.js';
import type { PolicyContext } from './policy.js';

type Unit = AgentSettings['costs'];

/** What a trial cost: paid GPU-seconds, or the sequences it trained on. null: untold, or nothing was done. */
export function costOf(plan: Plan, row: Pick<TrialRecord, 'action' | 'stages' | 'fidelity'>): number | null {
  if (plan.agent === undefined || row.action === null) return null;
  return plan.agent.costs === 'seconds' ? paidSeconds([row]) : sequencesOf(row.action) * fidelityOf(row);
}

/** `12 GPU-s` or `640 sequences`. */
export function costText(unit: Unit, cost: number): string {
  return unit === 'seconds' ? `${amount(cost)} GPU-s` : `${String(Math.round(cost))} sequences`;
}

/** `Left: 15 of 20 trials, 431 of 500 GPU-s.`: every limit that the budget sets, wall clock apart. */
export function budgetLeft({ plan, rows, inFlight, decision, spent }: PolicyContext): string {
  const { trials, gpuSeconds, llmTokens, usd } = plan.budget as LlmBudget;
  const part = (limit: number | null | undefined, used: number | null, unit: string) => {
    if (limit === null || limit === undefined || used === null) return [];
    return [`${amount(Math.max(0, limit - used))} of ${amount(limit)} ${unit}`];
  };
  const promotions = [...rows, ...inFlight].filter(({ origin }) => origin === 'promotion').length;
  const parts = [
    `${String(Math.max(1, trials - decision + promotions))} of ${String(trials)} trials`,
    ...part(gpuSeconds, paidSeconds(rows), 'GPU-s'),
    ...part(llmTokens, spent?.llmTokens ?? null, 'LLM tokens'),
    ...part(usd, spent?.usd ?? null, '$'),
  ];
  const unit = plan.agent?.costs === 'sequences' ? ' Costs are sequences trained on.' : '';
  return `Left: ${parts.join(', ')}.${unit}`;
}

/** Limits on what decisions cost, where a budget knows them. */
type LlmBudget = Budget & { readonly llmTokens?: number | null; readonly usd?: number | null };

function paidSeconds(rows: readonly Pick<TrialRecord, 'stages'>[]): number {
  const paid = rows.flatMap(({ stages }) => stages.filter(({ reused }) => !reused));
  return paid.reduce((total, stage) => total + stage.gpuSeconds, 0);
}

/** Steps times sequences a step; a merge trains on none. */
function sequencesOf(action: Action): number {
  const { steps, batchSize } = applicable(action);
  return Number(steps ?? 0) * Number(batchSize ?? 0);
}

function amount(value: number): string {
  return String(value >= 10 ? Math.round(value) : Number(value.toPrecision(2)));
}
