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
  /** How many ledger rows it knows. */
  readonly rows: number;
  readonly calls: readonly LlmCall[];
}

/** The longest digest of endpoints whose schema can say so, in characters. */
const BOUNDED_LENGTH = 160;

/** The digest that the decision before left. */
export function inheritedDigest({ previous }: PolicyContext): Digest {
  const rows = previous?.memoryRows ?? previous?.ledgerRows ?? 0;
  return { text: previous?.memory ?? '', rows, calls: [] };
}

/** The digest, rewritten when the ledger grew since it was; kept, its rows still to be told, when no usable answer came. */
export async function digestOf(context: PolicyContext, llm: CallLog): Promise<Digest> {
  const old = inheritedDigest(context);
  const fresh = context.rows.slice(old.rows);
  if (fresh.length === 0) return old;
  const { messages } = fitting(llm.limits.promptTokens, ({ lastTrials, benchmarks }) => {
    const shown = lastOf(fresh, Math.max(1, lastTrials));
    const results = shown.map((row) => `- ${trialText(context, row, benchmarks)}`).join('\n');
    return agentMessages(
      context,
      memoryPrompt({ digest: old.text, results, counts: successCounts(context) }),
    );
  });
  const text = llm.limits.boundedText ? z.string().max(BOUNDED_LENGTH) : z.string();
  const schema = z.strictObject({ memory: text });
  const asked = await askValid(llm, {
    purpose: 'memory',
    messages,
    schema,
    check: ({ memory }) => accepted(memory.trim()),
  });
  if (asked.value === null) return { ...old, calls: asked.calls };
  return { text: asked.value, rows: context.rows.length, calls: asked.calls };
}
