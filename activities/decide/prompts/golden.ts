import type { Action } from '../../../domain/trial.js';
import { proposeByAgent } from '../agent.js';
import type { LlmClient, LlmLimits, LlmRequest } from '../exchange.js';
import { HOSTED_LIMITS } from '../llm.js';
import { firstValue } from '../scriptedLlm.js';
import { goldenContext, goldenSuggestions } from './goldenWorld.js';

/** Parts the two worlds of the golden text. */
export const MEASURED = '########## with costs in GPU-seconds, and limits on them, tokens and $\n\n';

/** Its third world. */
export const SUGGESTED = '########## with what a sampler proposes\n\n';

/** The whole golden text of the current version. */
export async function goldenText(): Promise<string> {
  const agent = { explore: 0, costs: 'sequences' } as const;
  const told = await goldenPrompts({ agent });
  const limits = { trials: 20, gpuSeconds: 500, wallClockSeconds: null, llmTokens: 20_000, usd: 1 };
  const measured = await goldenPrompts({ agent: { explore: 0, costs: 'seconds' }, budget: limits });
  const suggested = await goldenPrompts({ agent }, { suggested: goldenSuggestions });
  return `${told}\n${MEASURED}${measured}\n${SUGGESTED}${suggested}`;
}

/** Every prompt of a decision in the fixed exploration, as it is sent: the wording, the tables, two repairs. */
export async function goldenPrompts(
  changes: Parameters<typeof goldenContext>[1] = {},
  {
    limits = HOSTED_LIMITS,
    suggested = [],
  }: { readonly limits?: LlmLimits; readonly suggested?: readonly Action[] } = {},
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
  await proposeByAgent(goldenContext(client, changes), suggested);
  const last = new Map(sent.map((request) => [request.purpose, request]));
  return [...last.values()].map(shown).join('\n');
}

function shown({ purpose, messages }: LlmRequest): string {
  return messages.map(({ role, content }) => `##### ${purpose}: ${role}\n${content}\n`).join('\n');
}
