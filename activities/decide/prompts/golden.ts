import { agentPolicy } from '../agent.js';
import type { LlmClient, LlmRequest } from '../exchange.js';
import { HOSTED_LIMITS } from '../llm.js';
import { firstValue } from '../scriptedLlm.js';
import { goldenContext } from './goldenWorld.js';

/** Parts the two worlds of the golden text. */
export const MEASURED = '########## with costs in GPU-seconds, and limits on them, tokens and $\n\n';

/** The whole golden text of the current version. */
export async function goldenText(): Promise<string> {
  const told = await goldenPrompts({ agent: { explore: 0, costs: 'sequences' } });
  const limits = { trials: 20, gpuSeconds: 500, wallClockSeconds: null, llmTokens: 20_000, usd: 1 };
  const measured = await goldenPrompts({ agent: { explore: 0, costs: 'seconds' }, budget: limits });
  return `${told}\n${MEASURED}${measured}`;
}

/** Every prompt of a decision in the fixed exploration, as it is sent: the wording, the tables, two repairs. */
export async function goldenPrompts(
  changes: Parameters<typeof goldenContext>[1] = {},
  limits = HOSTED_LIMITS,
): Promise<string> {
  const sent: LlmRequest[] = [];
  const client: LlmClient = {
    limits,
    complete: (request) => {
      const isFirst = !sent.some(({ purpose }) => purpose === request.purpose);
      sent.push(request);
      const text =
        isFirst && request.purpose === 'objects' ? 'm1' : JSON.stringify(firstValue(request.schema));
      return Promise.resolve({ kind: 'text', text, promptTokens: 0, completionTokens: 0 });
    },
  };
  await agentPolicy.propose(goldenContext(client, changes));
  const last = new Map(sent.map((request) => [request.purpose, request]));
  return [...last.values()].map(shown).join('\n');
}

function shown({ purpose, messages }: LlmRequest): string {
  return messages.map(({ role, content }) => `##### ${purpose}: ${role}\n${content}\n`).join('\n');
}
