import type { Proposal } from '../../domain/decision.js';
import { mayAskLlm } from '../../domain/llmTurns.js';
import { stageIdOf } from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import type { Action } from '../../domain/trial.js';
import { proposeByAgent } from './agent.js';
import type { Policy, PolicyContext } from './policy.js';
import { proposeByTpe } from './tpe.js';

/**
 * TPE and the LLM together. The rule:
 *
 * 1. TPE proposes at every decision, exactly as the policy `tpe` does.
 * 2. At the LLM's turns (domain/llmTurns.ts: of the first n decisions exactly floor(0.3 n), so never more than 30 %)
 *    the agent is asked, with its memory of all results since its last turn and the head of TPE's slate; what it
 *    chooses is done, and the reason says whether that is one of the slate or overrules it.
 * 3. At a turn where the agent gives no usable answer, TPE's choice stands; the decision is marked as a fallback.
 * 4. At all other decisions the LLM is not asked: nothing is sent and nothing is spent.
 *
 * The sampler is asked before the LLM, so that a decision that has to wait for it has not paid for anything yet.
 */
export const hybridPolicy: Policy = { name: 'hybrid', propose };

/** Proposals of the slate that the LLM is shown: more would lengthen the prompt and hide the best. */
const SHOWN = 3;

async function propose(context: PolicyContext): Promise<Proposal | null> {
  const byTpe = await proposeByTpe(context);
  if (byTpe === null) return null;
  // Carried on, so that the newest decision always shows the newest memory.
  const own: Proposal = { ...byTpe.proposal, memory: context.previous?.memory ?? null };
  if (!mayAskLlm('hybrid', context.decision)) return own;
  const shown = byTpe.slate.slice(0, SHOWN);
  const byAgent = await proposeByAgent(context, shown);
  if (byAgent === null) return own;
  if (byAgent.fallback) {
    const reason = `the LLM's turn without a usable answer; ${own.reason}`;
    return { ...byAgent, action: own.action, reason, positions: [] };
  }
  const stands = byAgent.explored === true ? '' : standing(context, shown, byAgent.action);
  return { ...byAgent, reason: `the LLM's turn${stands}: ${byAgent.reason}` };
}

/** Whether the choice is one that TPE proposed. */
function standing({ plan }: PolicyContext, shown: readonly Action[], action: Action): string {
  if (shown.length === 0) return '';
  const idOf = (of: Action): string => stageIdOf(stageOfAction(plan, of));
  const place = shown.findIndex((one) => idOf(one) === idOf(action));
  return place < 0 ? ", TPE's slate overruled" : `, proposal ${String(place + 1)} of TPE's slate taken`;
}
