import type { Suggest } from '../../domain/suggestion.js';
import { startDirect, type Direct } from '../../workers/direct.js';
import { policyConformance } from './conformance.js';
import type { LlmClient } from './exchange.js';
import { openAiClient } from './llm.js';
import { POLICIES } from './policies.js';
import { startScriptedLlm, type ScriptedLlm } from './scriptedLlm.js';

policyConformance(POLICIES.random);
policyConformance(POLICIES.evolution);

describe('with an LLM that always takes the first option, and the real sampler', () => {
  let server: ScriptedLlm | null = null;
  let sampler: Direct | null = null;
  before(async () => {
    sampler = startDirect();
    server = await startScriptedLlm();
  });
  after(async () => {
    await server?.stop();
    await sampler?.stop();
  });
  const client = (): LlmClient | null =>
    server === null ? null : openAiClient(server.settings, { apiKey: 'test' });
  const suggest: Suggest = (request) =>
    sampler === null ? Promise.reject(new Error('no sampler')) : sampler.suggest(request);
  policyConformance(POLICIES.agent, { client });
  policyConformance(POLICIES.tpe, { suggest });
  policyConformance(POLICIES.hybrid, { client, suggest });
});
