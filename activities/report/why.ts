import type { DecisionRecord } from '../../domain/decision.js';
import { usdText, usdOfCalls } from '../../domain/prices.js';
import { howOf } from '../ledger/decisionView.js';
import type { StoredExploration } from '../ledger/read.js';
import { clipped } from './format.js';

const LONGEST_REASON = 600;
const LONGEST_NUDGE = 200;

/** Why a trial was proposed, in a few sentences; `lamdagent show` has all of it. */
export function whyText({ plan }: StoredExploration, record: DecisionRecord): string {
  const { policy, decision, reason, ledgerRows, inFlight, nudge, positions, calls } = record;
  const how = {
    chosen: '',
    exploration: ', drawn at random on purpose (exploration floor)',
    fallback: ', drawn at random since the answer of the policy was unusable',
  }[howOf(record)];
  const running = inFlight.length === 0 ? 'nothing was running' : `${String(inFlight.length)} were running`;
  const places = positions
    .filter(({ position }) => position >= 0)
    .map(({ of, position, options }) => `${of} ${String(position + 1)} of ${String(options)}`);
  const tokens = calls.reduce(
    (sum, { promptTokens, completionTokens }) => sum + promptTokens + completionTokens,
    0,
  );
  return [
    `${policy}, decision ${String(decision)}${how}: ${reason === '' ? 'no reason given' : clipped(reason, LONGEST_REASON)}`,
    `It saw ${String(ledgerRows)} finished trials; ${running}`,
    ...(nudge === undefined ? [] : [`Nudged: ${clipped(nudge, LONGEST_NUDGE)}`]),
    ...(places.length === 0 ? [] : [`Places in the shuffled lists: ${places.join(', ')}`]),
    ...(calls.length === 0
      ? []
      : [
          `LLM calls: ${String(calls.length)}, ${String(tokens)} tokens, ${usdText(usdOfCalls(plan.llm, calls))}`,
        ]),
  ]
    .map((sentence) => (/[.!?…]$/.test(sentence) ? sentence : `${sentence}.`))
    .join(' ');
}
