import type { DecisionRecord, LlmCall } from '../../domain/decision.js';
import type { Plan } from '../../domain/plan.js';
import { poolOf, triedStageIds } from '../../domain/pool.js';
import { faultOfAction } from '../../domain/space.js';
import { stageIdOf } from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import type { TrialRecord } from '../../domain/trial.js';
import type { SeenRequest } from './countingProxy.js';

/** What the records say, counted anew from them. */
export interface Protocol {
  readonly decisions: number;
  readonly illegal: number;
  readonly repeated: number;
  readonly explored: number;
  readonly fallbacks: number;
  readonly nudged: number;
  readonly calls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Refused answers by `purpose: fault`. */
  readonly refused: Readonly<Record<string, number>>;
  readonly actionTypes: Readonly<Record<string, number>>;
}

export function protocolOf(
  plan: Plan,
  rows: readonly TrialRecord[],
  decisions: readonly DecisionRecord[],
): Protocol {
  const calls = decisions.flatMap((one) => one.calls);
  const count = (holds: (one: DecisionRecord) => boolean): number => decisions.filter(holds).length;
  const total = (of: (call: LlmCall) => number): number => calls.reduce((sum, call) => sum + of(call), 0);
  return {
    decisions: decisions.length,
    illegal: count((one) => isIllegal(plan, rows, one)),
    repeated: count((one) => isRepeat(plan, rows, one)),
    explored: count(({ explored }) => explored === true),
    fallbacks: count(({ fallback }) => fallback),
    nudged: count(({ nudge }) => nudge !== undefined),
    calls: calls.length,
    promptTokens: total((call) => call.promptTokens),
    completionTokens: total((call) => call.completionTokens),
    refused: tally(
      calls.flatMap(({ purpose, fault }) =>
        fault === null ? [] : [`${purpose}: ${fault.split(':')[0] ?? ''}`],
      ),
    ),
    actionTypes: tally(decisions.map(({ action }) => action.kind)),
  };
}

function isIllegal(plan: Plan, rows: readonly TrialRecord[], record: DecisionRecord): boolean {
  const seen = rows.slice(0, record.ledgerRows);
  return faultOfAction({ plan, pool: poolOf(plan, seen) }, record.action) !== null;
}

/** The stage is hashed anew: what the record calls itself is not believed. */
function isRepeat(plan: Plan, rows: readonly TrialRecord[], record: DecisionRecord): boolean {
  const earlier = rows.slice(0, record.ledgerRows).filter(({ trial }) => trial !== record.proposed.trial);
  return triedStageIds(plan, earlier, []).has(stageIdOf(stageOfAction(plan, record.action)));
}

/** What the LLM's server answered, next to what the records hold; empty when every answer is on record just once. */
export function billingFaults(
  decisions: readonly DecisionRecord[],
  seen: readonly SeenRequest[],
): readonly string[] {
  const booked = tally(decisions.flatMap(({ calls }) => calls.map((call) => call.promptSha256)));
  const billed = tally(seen.filter(({ answered }) => answered).map((one) => one.promptSha256));
  return [...new Set([...Object.keys(booked), ...Object.keys(billed)])]
    .filter((prompt) => booked[prompt] !== billed[prompt])
    .map(
      (prompt) =>
        `question ${prompt.slice(0, 8)}: expected as many answers sent as booked, got ${String(billed[prompt] ?? 0)} and ${String(booked[prompt] ?? 0)}`,
    );
}

function tally(values: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
