import { ApplicationFailure } from '@temporalio/common';
import type { LlmSettings } from '../../domain/plan.js';
import type { LlmClient, LlmLimits } from './exchange.js';
import { openAiClient } from './llm.js';

/** Opens the LLM that a plan names. `signal` ends its requests when the activity is cancelled. */
export type OpenLlm = (settings: LlmSettings, signal?: AbortSignal) => Promise<LlmClient>;

/**
 * The settings a plan holds for the embedded LLM. Its port changes with every start, so the plan names none.
 * The model proves the path, not the quality: it obeys the schema and decides badly.
 */
export const EMBEDDED_LLM: LlmSettings = {
  baseUrl: 'embedded://smollm2',
  model: 'SmolLM2-135M-Instruct-Q4_1',
  timeoutSeconds: 180,
  maxTokens: 256,
};

/** About 150 prompt tokens a second on one busy core: short prompts and texts; llama.cpp's grammar ignores the bounds of real numbers. */
export const EMBEDDED_LIMITS: LlmLimits = { promptTokens: 750, boundedText: true, boundedNumbers: false };

export interface LlmAccess {
  /** Environment: OPENAI_API_KEY, read by the worker; null: none is sent. */
  readonly apiKey: string | null;
  /** The running embedded server; null when this installation runs none. */
  readonly embedded: (() => Promise<{ readonly baseUrl: string }>) | null;
}

/** Endpoint and model come from the plan, the key from the worker. */
export function createOpenLlm({ apiKey, embedded }: LlmAccess): OpenLlm {
  return async (settings, signal) => {
    if (settings.baseUrl !== EMBEDDED_LLM.baseUrl) return openAiClient(settings, { apiKey, signal });
    if (embedded === null)
      throw ApplicationFailure.retryable(
        'embedded LLM: expected a running one, got none. Start with `--llm embedded`; the decision is then made.',
        'LlmNotRunning',
      );
    const { baseUrl } = await embedded();
    return openAiClient({ ...settings, baseUrl }, { apiKey: null, signal, limits: EMBEDDED_LIMITS });
  };
}
