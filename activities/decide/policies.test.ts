import { policyConformance } from './conformance.js';
import type { LlmClient } from './exchange.js';
import { openAiClient } from './llm.js';
import { POLICIES } from './policies.js';
import { startScriptedLlm, type ScriptedLlm } from './scriptedLlm.js';

policyConformance(POLICIES.random, () => null);

describe('with an LLM that always takes the first option', () => {
  let server: ScriptedLlm | null = null;
  before(async () => {
    server = await startScriptedLlm();
  });
  after(() => server?.stop());
  const client = (): LlmClient | null =>
    server === null ? null : openAiClient(server.settings, { apiKey: 'test' });
  policyConformance(POLICIES.agent, client);
});
