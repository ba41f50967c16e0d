import type { DecisionRecord, LlmCall } from '../../domain/decision.js';
import { nameInPool, poolOf, type Pool } from '../../domain/pool.js';
import { usdOfCall, usdOfCalls } from '../../domain/prices.js';
import { trialName, type TrialRecord } from '../../domain/trial.js';
import type { StoredExploration } from './read.js';

/** Why a trial was proposed. */
export interface DecisionView {
  readonly decision: number;
  readonly policy: string;
  /** chosen: by the policy; exploration: drawn at random on purpose; fallback: drawn because no answer was usable. */
  readonly how: 'chosen' | 'exploration' | 'fallback';
  readonly reason: string;
  readonly saw: {
    readonly ledgerRows: number;
    /** Trials that ran meanwhile. */
    readonly inFlight: readonly string[];
  };
  /** What was said against repeating one action type. */
  readonly nudge: string | null;
  /** The agent's digest of its experience, as it stood then. */
  readonly memory: string | null;
  readonly choices: readonly ChoiceView[];
  readonly calls: readonly CallView[];
  readonly llmTokens: number;
  readonly usd: number | null;
}
/** One choice from a list in shuffled order. */
export interface ChoiceView {
  readonly of: string;
  readonly value: string;
  /** From 1. */
  readonly position: number;
  readonly options: number;
}
export interface CallView extends Omit<LlmCall, 'usd'> {
  readonly usd: number | null;
}

export function decisionView(found: StoredExploration, record: DecisionRecord): DecisionView {
  const { plan, rows, decisions } = found;
  const pool = poolOf(plan, rows);
  const { llm } = plan;
  return {
    decision: record.decision,
    policy: record.policy,
    how: howOf(record),
    reason: record.reason,
    saw: {
      ledgerRows: record.ledgerRows,
      inFlight: record.inFlight.map((id) => runningName(id, { rows, decisions })),
    },
    nudge: record.nudge ?? null,
    memory: record.memory,
    choices: choicesOf(record, pool),
    calls: record.calls.map((call) => ({ ...call, usd: usdOfCall(llm, call) })),
    llmTokens: record.calls.reduce((sum, call) => sum + call.promptTokens + call.completionTokens, 0),
    usd: usdOfCalls(llm, record.calls),
  };
}

export function howOf({ fallback, explored }: DecisionRecord): DecisionView['how'] {
  if (fallback) return 'fallback';
  return explored === true ? 'exploration' : 'chosen';
}

function runningName(
  stageId: string,
  { rows, decisions }: Pick<StoredExploration, 'rows' | 'decisions'>,
): string {
  const found = [...rows, ...decisions.map(({ proposed }) => proposed)].find(
    (one) => one.stageId === stageId || one.recipeId === stageId,
  );
  return found === undefined ? stageId.slice(0, 8) : `${trialName(found.trial)} ${found.label}`;
}

/** Positions are on record in the order of the answer, so the n-th of a list belongs to the action's n-th. */
function choicesOf({ positions, action }: DecisionRecord, pool: Pool): readonly ChoiceView[] {
  const values: Readonly<Record<string, readonly string[]>> = {
    actionType: [action.kind],
    models: action.models.map((id) => nameInPool(pool, id)),
    datasets: action.datasets,
  };
  const taken = new Map<string, number>();
  return positions.flatMap(({ of, position, options }) => {
    const place = taken.get(of) ?? 0;
    taken.set(of, place + 1);
    const value = values[of]?.[place] ?? action.parameters[of];
    return position < 0 || value === undefined
      ? []
      : [{ of, value: String(value), position: position + 1, options }];
  });
}

/** Who proposed a trial that no decision stands behind. */
export function originText(
  row: Pick<TrialRecord, 'origin' | 'inherited' | 'intervention' | 'retryOf'>,
): string {
  const { inherited, intervention, retryOf } = row;
  if (inherited !== undefined)
    return `inherited: ${trialName(inherited.trial)} of ${inherited.explorationId}, run and paid there`;
  switch (row.origin) {
    case 'base':
      return 'baseline: the untouched base';
    case 'allData':
      return 'baseline: SFT on all data';
    case 'proposed':
      return `a person, act ${String(intervention)}${retryOf === undefined ? '' : `: ${trialName(retryOf)} again`}`;
    case 'inherited':
      return 'inherited from another exploration';
    case 'policy':
      return 'proposed by the policy; its decision is not on record';
    case 'promotion':
      return 'went up a rung; the decision is not on record';
  }
}
