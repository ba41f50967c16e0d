import type { Proposal } from '../../domain/decision.js';
import { mayAskLlm } from '../../domain/llmTurns.js';
import { agentPolicy } from './agent.js';
import type { Policy, PolicyContext } from './policy.js';
import { proposeByTpe } from './tpe.js';

/**
 * TPE and the LLM together. The rule:
 *
 * 1. TPE proposes at every decision, exactly as the policy `tpe` does.
 * 2. At the LLM's turns (domain/llmTurns.ts: of the first n decisions exactly floor(0.3 n), so never more than 30 %)
 *    the agent is asked, with its memory of all results since its last turn, and its choice overrides TPE's.
 * 3. At a turn where the agent gives no usable answer, TPE's choice stands; the decision is marked as a fallback.
 * 4. At all other decisions the LLM is not asked: nothing is sent and nothing is spent.
 *
 * The sampler is asked before the LLM, so that a decision that has to wait for it has not paid for anything yet.
 */
export const hybridPolicy: Policy = { name: 'hybrid', propose };

async function propose(context: PolicyContext): Promise<Proposal | null> {
  const byTpe = await proposeByTpe(context);
  if (byTpe === null) return null;
  // Carried on, so that the newest decision always shows the newest memory.
  const own: Proposal = { ...byTpe, memory: context.previous?.memory ?? null };
  if (!mayAskLlm('hybrid', context.decision)) return own;
  const byAgent = await agentPolicy.propose(context);
  if (byAgent === null) return own;
  if (!byAgent.fallback) return { ...byAgent, reason: `the LLM's turn: ${byAgent.reason}` };
  const { action } = own;
  const reason = `the LLM's turn without a usable answer; ${own.reason}`;
  return { ...byAgent, action, reason, positions: [] };
}
