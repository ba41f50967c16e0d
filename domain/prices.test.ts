import assert from 'node:assert/strict';
import type { LlmCall } from './decision.js';
import type { LlmSettings } from './plan.js';
import { priceOf, tabledPrice, usdOf, usdOfCalls, usdText } from './prices.js';

const llm = (changes: Partial<LlmSettings> = {}): LlmSettings => ({
  ...{ baseUrl: 'https://host/v1', model: 'gpt-5-mini', timeoutSeconds: 1, maxTokens: 16 },
  ...changes,
});
const call = (changes: Partial<LlmCall> = {}): LlmCall => ({
  ...{ purpose: 'memory', promptSha256: '', answer: '', fault: null, seconds: 1 },
  ...{ promptTokens: 1_000_000, completionTokens: 500_000 },
  ...changes,
});

describe('prices', () => {
  it('are found by the model, its vendor prefix and its snapshot date set aside', () => {
    const mini = { promptPerMillion: 0.25, completionPerMillion: 2 };
    for (const name of ['gpt-5-mini', 'openai/gpt-5-mini', 'GPT-5-mini-2025-08-07'])
      assert.deepEqual(tabledPrice(name), mini);
    assert.deepEqual(tabledPrice('claude-sonnet-4-5-20250929'), tabledPrice('claude-sonnet-4-5@20250929'));
  });

  it('of unknown models are not guessed from a similar name', () => {
    for (const name of ['gpt-5-mini-turbo', 'my-model', '', 'constructor'])
      assert.equal(tabledPrice(name), null);
  });

  it('of the spec go before the table, also where they say that the price is unknown', () => {
    const price = { promptPerMillion: 7, completionPerMillion: 9 };
    assert.deepEqual(priceOf(llm({ price })), price);
    assert.equal(priceOf(llm({ price: null })), null);
    assert.deepEqual(priceOf(llm()), tabledPrice('gpt-5-mini'));
  });

  it('give the cost of a call: prompt and completion tokens apart', () => {
    assert.equal(usdOf(tabledPrice('gpt-5-mini'), call()), 0.25 + 1);
    assert.equal(usdOf(null, call()), null);
  });

  it('are unknown in total when that of one call is; calls booked without one have the plan’s', () => {
    assert.equal(usdOfCalls(llm(), []), 0);
    assert.equal(usdOfCalls(llm(), [call(), call({ usd: 0.1 })]), 1.35);
    assert.equal(usdOfCalls(llm(), [call(), call({ usd: null })]), null);
  });

  it('are shown without losing small amounts', () => {
    const shown = [0, 0.000123, 0.0049, 0.05, 12.345, 1234.5, null].map(usdText);
    assert.deepEqual(shown, ['$0', '$0.00012', '$0.0049', '$0.05', '$12.35', '$1235', '$ unknown']);
  });
});
