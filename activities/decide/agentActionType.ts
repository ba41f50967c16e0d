import { z } from 'zod';
import { ACTION_TYPES } from '../../domain/actionTypes.js';
import { dominantKind } from '../../domain/collapse.js';
import type { ChoicePosition, LlmCall } from '../../domain/decision.js';
import type { BuildKind } from '../../domain/stage.js';
import type { Action } from '../../domain/trial.js';
import { agentMessages, reasonSchema } from './agentMessages.js';
import { askValid } from './askValid.js';
import type { CallLog } from './callLog.js';
import { budgetLeft } from './costs.js';
import { fitting, kindsTried, runningText, successCounts, trialTable } from './evidence.js';
import { accepted } from './faults.js';
import type { PolicyContext } from './policy.js';
import { actionTypePrompt } from './prompts/actionType.js';
import { nudgePrompt } from './prompts/nudge.js';

export interface ChosenType {
  readonly kind: BuildKind;
  readonly reason: string;
  readonly fallback: boolean;
  /** What was said against repeating one type; null: nothing. */
  readonly nudge: string | null;
  readonly positions: readonly ChoicePosition[];
  readonly calls: readonly LlmCall[];
}

/** Step 1: one of the action types that still have something new. With a single one there is nothing to ask. */
export async function chooseActionType(
  context: PolicyContext,
  given: {
    readonly llm: CallLog;
    readonly memory: string;
    readonly kinds: readonly BuildKind[];
    readonly suggested: readonly Action[];
  },
): Promise<ChosenType> {
  const order = context.random('order of action types').shuffle(given.kinds);
  const [first] = order;
  if (first === undefined) throw new Error('action types: expected at least one, got none');
  if (order.length === 1)
    return { kind: first, reason: '', fallback: false, nudge: null, positions: [], calls: [] };
  const { llm, memory, suggested } = given;
  const nudge = nudgeFor(context);
  const asked = await askValid(llm, {
    purpose: 'actionType',
    messages: messagesFor(context, llm, { memory, order, nudge, suggested }),
    schema: z.strictObject({ reason: reasonSchema(llm.limits), actionType: z.enum(order) }),
    check: accepted,
  });
  const substitute = context.random('substitute action type').pick(order) ?? first;
  const kind = asked.value?.actionType ?? substitute;
  const position = { of: 'actionType', position: order.indexOf(kind), options: order.length };
  return {
    kind,
    reason: asked.value?.reason ?? 'no usable answer: type drawn at random',
    fallback: asked.value === null,
    nudge,
    positions: asked.value === null ? [] : [position],
    calls: asked.calls,
  };
}

function messagesFor(
  context: PolicyContext,
  llm: CallLog,
  {
    memory,
    order,
    nudge,
    suggested,
  }: {
    readonly memory: string;
    readonly order: readonly BuildKind[];
    readonly nudge: string | null;
    readonly suggested: readonly Action[];
  },
): ReturnType<typeof agentMessages>['messages'] {
  const kinds = kindsTried(context);
  const options = order.map((kind) => {
    return `- ${kind}: ${ACTION_TYPES[kind].title}; tried ${String(kinds.filter((one) => one === kind).length)} times`;
  });
  return fitting(llm.limits.promptTokens, (detail) =>
    agentMessages(
      context,
      actionTypePrompt({
        digest: memory,
        table: trialTable(context, detail),
        counts: successCounts(context),
        running: runningText(context, detail),
        left: budgetLeft(context),
        nudge: nudge ?? '',
        suggested: suggested.map(({ kind }) => kind),
        options: options.join('\n'),
      }),
    ),
  ).messages;
}

function nudgeFor(context: PolicyContext): string | null {
  const dominance = dominantKind(kindsTried(context));
  return dominance === null ? null : nudgePrompt(dominance);
}
