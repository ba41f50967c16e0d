import type { LlmCall } from '../../domain/decision.js';
import type { JsonObject } from '../../domain/json.js';

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** One question to the LLM. */
export interface LlmRequest {
  readonly purpose: LlmCall['purpose'];
  readonly messages: readonly Message[];
  /** JSON Schema of the answer. */
  readonly schema: JsonObject;
}

/** What came back: usable text, or one of the ways in which an answered request has none. */
export interface LlmAnswer {
  readonly kind: 'text' | 'unreadable' | 'refusal' | 'length';
  /** The answer's text; of an unreadable one how its body begins. */
  readonly text: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** One exchange, as the store keeps it. */
export interface Exchange extends LlmRequest {
  readonly schemaVersion: 1;
  readonly promptVersion: string;
  readonly model: string;
  readonly promptSha256: string;
  readonly answer: LlmAnswer;
  readonly seconds: number;
}

/** How much an endpoint takes; prompts are built to fit. */
export interface LlmLimits {
  /** Estimated tokens of a prompt. */
  readonly promptTokens: number;
  /** Whether its JSON Schema knows `maxLength` (OpenAI's strict mode refuses it). */
  readonly boundedText: boolean;
  /** Whether it keeps to a number's bounds; where it does not, a range is offered as a few values. */
  readonly boundedNumbers: boolean;
}

/** An LLM that answers or throws a Temporal failure that says whether to try again. */
export interface LlmClient {
  readonly limits: LlmLimits;
  complete(request: LlmRequest): Promise<LlmAnswer>;
}
