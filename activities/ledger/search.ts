import type { DecisionRecord } from '../../domain/decision.js';
import { positionBias, type PositionBias } from '../../domain/positionBias.js';
import { usdOfCalls } from '../../domain/prices.js';
import { howOf } from './decisionView.js';
import type { StoredExploration } from './read.js';

/** How one policy decided, over all its decisions. */
export interface PolicyCounts {
  readonly policy: string;
  readonly decisions: number;
  readonly chosen: number;
  readonly explorations: number;
  readonly fallbacks: number;
  /** Decisions that were told to leave a type that had filled the recent ones. */
  readonly nudged: number;
  readonly calls: number;
  /** Answers that could not be used, by kind of fault. */
  readonly refused: Readonly<Record<string, number>>;
  readonly llmTokens: number;
  readonly usd: number | null;
}
export interface SearchView {
  readonly policies: readonly PolicyCounts[];
  /** Of all accepted LLM choices; null: there was none. */
  readonly bias: PositionBias | null;
}

export function searchOf({ plan, decisions }: StoredExploration): SearchView {
  const names = [...new Set(decisions.map(({ policy }) => policy))];
  return {
    policies: names.map((policy) => {
      const own = decisions.filter((one) => one.policy === policy);
      const calls = own.flatMap((one) => one.calls);
      return {
        ...countsOf(policy, own),
        calls: calls.length,
        refused: refusedBy(calls.flatMap(({ fault }) => fault ?? [])),
        llmTokens: calls.reduce((sum, call) => sum + call.promptTokens + call.completionTokens, 0),
        usd: usdOfCalls(plan.llm, calls),
      };
    }),
    bias: positionBias(decisions),
  };
}

function countsOf(
  policy: string,
  decisions: readonly DecisionRecord[],
): Omit<PolicyCounts, 'calls' | 'refused' | 'llmTokens' | 'usd'> {
  const ways = decisions.map(howOf);
  const count = (way: (typeof ways)[number]): number => ways.filter((one) => one === way).length;
  return {
    policy,
    decisions: decisions.length,
    chosen: count('chosen'),
    explorations: count('exploration'),
    fallbacks: count('fallback'),
    nudged: decisions.filter(({ nudge }) => nudge !== undefined).length,
  };
}

function refusedBy(faults: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const kind of faults.map((fault) => fault.split(':')[0] ?? fault))
    counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
