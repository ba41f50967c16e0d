import { ApplicationFailure } from '@temporalio/common';
import type { Proposal } from '../../domain/decision.js';
import { sampleNewAction } from '../../domain/space.js';
import type { BuildKind } from '../../domain/stage.js';
import type { Action } from '../../domain/trial.js';
import { chooseActionType } from './agentActionType.js';
import { digestOf } from './agentMemory.js';
import { chooseObjects } from './agentObjects.js';
import type { Policy, PolicyContext } from './policy.js';

/**
 * The paper's policy (LaMDAgent, arXiv 2505.21963): rewrite the memory after new results, choose the action type,
 * then all its objects at once. An answer that stays unusable is replaced by a seeded valid choice, marked as a fallback.
 */
export const agentPolicy: Policy = { name: 'agent', propose };

async function propose(context: PolicyContext): Promise<Proposal | null> {
  const { llm } = context;
  if (llm === null)
    throw ApplicationFailure.nonRetryable(
      'policy agent: expected an llm in the spec, got none',
      'InvalidPlan',
    );
  const substitutes = substitutesOf(context);
  const kinds = [...substitutes.keys()];
  if (kinds.length === 0) return null;

  const memory = await digestOf(context, llm);
  const type = await chooseActionType(context, { llm, memory: memory.text, kinds });
  const objects = await chooseObjects(context, { llm, memory: memory.text, kind: type.kind });
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
    memory: memory.text,
  };
}

/** A valid new action for each action type that has one: what stands in for unusable answers. */
function substitutesOf(context: PolicyContext): ReadonlyMap<BuildKind, Action> {
  const found = context.plan.actions.flatMap(({ kind }) => {
    const action = sampleNewAction(context, kind, context.random(`substitute ${kind}`));
    return action === null ? [] : [[kind, action] as const];
  });
  return new Map(found);
}
