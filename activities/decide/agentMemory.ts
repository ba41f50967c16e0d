import { z } from 'zod';
import type { LlmCall } from '../../domain/decision.js';
import { askValid } from './askValid.js';
import type { CallLog } from './callLog.js';
import { trialText } from './describe.js';
import { fitting, lastOf, successCounts } from './evidence.js';
import { accepted } from './faults.js';
import type { PolicyContext } from './policy.js';
import { agentMessages } from './agentMessages.js';
import { memoryPrompt } from './prompts/memory.js';

export interface Digest {
  readonly text: string;
  readonly calls: readonly LlmCall[];
}

/** The longest digest of endpoints whose schema can say so, in characters. */
const BOUNDED_LENGTH = 160;

/** The digest, rewritten when the ledger grew since the decision before; kept when no usable answer came. */
export async function digestOf(context: PolicyContext, llm: CallLog): Promise<Digest> {
  const old = context.previous?.memory ?? '';
  const seen = context.previous?.ledgerRows ?? 0;
  const fresh = context.rows.slice(seen);
  if (fresh.length === 0) return { text: old, calls: [] };
  const { messages } = fitting(llm.limits.promptTokens, ({ lastTrials }) => {
    const shown = lastOf(fresh, Math.max(1, lastTrials));
    const results = shown.map((row) => `- ${trialText(context, row)}`).join('\n');
    return agentMessages(context, memoryPrompt({ digest: old, results, counts: successCounts(context) }));
  });
  const text = llm.limits.boundedText ? z.string().max(BOUNDED_LENGTH) : z.string();
  const schema = z.strictObject({ memory: text });
  const asked = await askValid(llm, {
    purpose: 'memory',
    messages,
    schema,
    check: ({ memory }) => accepted(memory.trim()),
  });
  return { text: asked.value ?? old, calls: asked.calls };
}
