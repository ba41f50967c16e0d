import { z } from 'zod';
import { ACTION_TYPES } from '../../domain/actionTypes.js';
import type { ChoicePosition, LlmCall } from '../../domain/decision.js';
import type { BuildKind } from '../../domain/stage.js';
import { agentMessages, reasonSchema } from './agentMessages.js';
import { askValid } from './askValid.js';
import type { CallLog } from './callLog.js';
import { fitting, runningText, successCounts, timesTried, trialsLeft, trialTable } from './evidence.js';
import { accepted } from './faults.js';
import type { PolicyContext } from './policy.js';
import { actionTypePrompt } from './prompts/actionType.js';

export interface ChosenType {
  readonly kind: BuildKind;
  readonly reason: string;
  readonly fallback: boolean;
  readonly positions: readonly ChoicePosition[];
  readonly calls: readonly LlmCall[];
}

/** Step 1: one of the action types that still have something new. With a single one there is nothing to ask. */
export async function chooseActionType(
  context: PolicyContext,
  given: { readonly llm: CallLog; readonly memory: string; readonly kinds: readonly BuildKind[] },
): Promise<ChosenType> {
  const order = context.random('order of action types').shuffle(given.kinds);
  const [first] = order;
  if (first === undefined) throw new Error('action types: expected at least one, got none');
  if (order.length === 1) return { kind: first, reason: '', fallback: false, positions: [], calls: [] };
  const { llm, memory } = given;
  const asked = await askValid(llm, {
    purpose: 'actionType',
    messages: messagesFor(context, llm, { memory, order }),
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
    positions: asked.value === null ? [] : [position],
    calls: asked.calls,
  };
}

function messagesFor(
  context: PolicyContext,
  llm: CallLog,
  { memory, order }: { readonly memory: string; readonly order: readonly BuildKind[] },
): ReturnType<typeof agentMessages>['messages'] {
  const options = order.map((kind) => {
    return `- ${kind}: ${ACTION_TYPES[kind].title}; tried ${String(timesTried(context, kind))} times`;
  });
  return fitting(llm.limits.promptTokens, (detail) =>
    agentMessages(
      context,
      actionTypePrompt({
        digest: memory,
        table: trialTable(context, detail),
        counts: successCounts(context),
        running: runningText(context),
        left: trialsLeft(context),
        options: options.join('\n'),
      }),
    ),
  ).messages;
}
