import { z } from 'zod';
import { objectiveText } from './describe.js';
import type { LlmLimits, Message } from './exchange.js';
import type { PolicyContext } from './policy.js';
import { steeringText } from './prompts/steering.js';
import { systemPrompt } from './prompts/system.js';

/** A conversation's start: what the search is about, then the question. */
export function agentMessages(
  context: PolicyContext,
  question: string,
): { readonly messages: readonly Message[] } {
  const system = systemPrompt(objectiveText(context.plan, context.rows)) + steeringText(context.steering);
  return {
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: question },
    ],
  };
}

/** The longest reason of endpoints whose schema can say so, in characters. */
const BOUNDED_REASON = 60;

/** Asked for before the choice, so that a choice may follow from it. */
export function reasonSchema(limits: LlmLimits): z.ZodString {
  const reason = z.string().describe('one sentence');
  return limits.boundedText ? reason.max(BOUNDED_REASON) : reason;
}
