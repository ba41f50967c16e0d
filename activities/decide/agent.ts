import { ApplicationFailure } from '@temporalio/common';
import type { Proposal } from '../../domain/decision.js';
import { explores } from '../../domain/explorationFloor.js';
import { sampleNewAction } from '../../domain/space.js';
import type { BuildKind } from '../../domain/stage.js';
import type { Action } from '../../domain/trial.js';
import { chooseActionType } from './agentActionType.js';
import { digestOf, inheritedDigest } from './agentMemory.js';
import { chooseObjects } from './agentObjects.js';
import type { Policy, PolicyContext } from './policy.js';
import { randomPolicy } from './random.js';

/**
 * The paper's policy (LaMDAgent, arXiv 2505.21963): rewrite the memory after new results, choose the action type,
 * then all its objects at once. An answer that stays unusable is replaced by a seeded valid choice, marked as a fallback.
 * Ours: a share of the decisions is drawn at random without asking (`agent.explore`), so that the search never narrows down
 * to what the model likes.
 */
export const agentPolicy: Policy = { name: 'agent', propose: (context) => proposeByAgent(context, []) };

/** @param suggested New legal actions that a sampler proposes, best first: the LLM sees them and may overrule them. */
export async function proposeByAgent(
  context: PolicyContext,
  suggested: readonly Action[],
): Promise<Proposal | null> {
  const { llm } = context;
  if (llm === null)
    throw ApplicationFailure.nonRetryable(
      'policy agent: expected an llm in the spec, got none. Add llm: {baseUrl, model}, or write policy: auto.',
      'InvalidPlan',
    );
  if (explores(context.plan.seed, context.decision, context.plan.agent?.explore ?? 0))
    return explore(context);
  const substitutes = substitutesOf(context);
  const kinds = [...substitutes.keys()];
  if (kinds.length === 0) return null;

  const memory = await digestOf(context, llm);
  const type = await chooseActionType(context, { llm, memory: memory.text, kinds, suggested });
  const objects = await chooseObjects(context, { llm, memory: memory.text, kind: type.kind, suggested });
  const action = objects.value?.action ?? substitutes.get(type.kind);
  if (action === undefined) return null;
  return {
    action,
    reason: [type.reason, objects.value?.reason ?? 'no usable answer: drawn at random']
      .filter(Boolean)
      .join(' / '),
    fallback: type.fallback || objects.value === null,
    positions: [...type.positions, ...(objects.value?.positions ?? [])],
    calls: [...memory.calls, ...type.calls, ...objects.calls],
    ...(type.nudge === null ? {} : { nudge: type.nudge }),
    memory: memory.text,
    memoryRows: memory.rows,
  };
}

/** Drawn as the random policy draws; the digest waits for the next decision that asks. */
async function explore(context: PolicyContext): Promise<Proposal | null> {
  const drawn = await randomPolicy.propose(context);
  const { text, rows } = inheritedDigest(context);
  const share = String(Math.round(100 * (context.plan.agent?.explore ?? 0)));
  const reason = `exploration: drawn at random, as ${share} % of the decisions are`;
  return drawn === null ? null : { ...drawn, reason, explored: true, memory: text, memoryRows: rows };
}

/** A valid new action for each action type that has one: what stands in for unusable answers. */
function substitutesOf(context: PolicyContext): ReadonlyMap<BuildKind, Action> {
  const found = context.plan.actions.flatMap(({ kind }) => {
    const action = sampleNewAction(context, kind, context.random(`substitute ${kind}`));
    return action === null ? [] : [[kind, action] as const];
  });
  return new Map(found);
}
