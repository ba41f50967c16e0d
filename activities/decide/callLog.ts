import { ApplicationFailure } from '@temporalio/common';
import type { Price } from '../../domain/prices.js';
import type { Json } from '../../domain/json.js';
import { canonicalJson, sha256Hex } from '../../domain/stage.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import type { Exchange, LlmClient, LlmLimits, LlmRequest } from './exchange.js';

/** The recorded way to the LLM: what was answered once is never asked, and never paid, again. */
export interface CallLog {
  readonly limits: LlmLimits;
  /** What the endpoint charges; null: not known. */
  readonly price: Price | null;
  /** The answer to the decision's next request: replayed when it is on record, else asked and recorded before it returns. */
  ask(request: LlmRequest): Promise<Exchange>;
}

export interface CallLogOptions {
  readonly store: Store;
  readonly client: LlmClient;
  readonly model: string;
  readonly promptVersion: string;
  /** Default: not known. */
  readonly price?: Price | null;
  /** Called every few seconds while the LLM is thinking. */
  readonly heartbeat: () => void;
}

const HEARTBEAT_MS = 5000;

/** The log of one decision. Requests of a decision follow from its input, so a retried one makes the same in the same order. */
export function openCallLog(explorationId: string, decision: number, options: CallLogOptions): CallLog {
  let calls = 0;
  return {
    limits: options.client.limits,
    price: options.price ?? null,
    ask: async (request) => {
      const key = keys.llmCall(explorationId, decision, calls);
      calls += 1;
      const promptSha256 = promptHash(request, options);
      const recorded = await options.store.read(key);
      if (recorded !== null) return checked(recorded, key, promptSha256);
      const exchange = await exchangeWith(options, request, promptSha256);
      const text = `${JSON.stringify(exchange)}\n`;
      if (await options.store.putIfAbsent(key, text)) return exchange;
      return checked((await options.store.read(key)) ?? text, key, promptSha256);
    },
  };
}

/** SHA-256 of the canonical JSON of all that the answer depends on. */
export function promptHash(
  { messages, schema }: LlmRequest,
  { model, promptVersion }: Pick<CallLogOptions, 'model' | 'promptVersion'>,
): string {
  return sha256Hex(canonicalJson({ model, promptVersion, messages, schema } as unknown as Json));
}

async function exchangeWith(
  options: CallLogOptions,
  request: LlmRequest,
  promptSha256: string,
): Promise<Exchange> {
  const { client, model, promptVersion, heartbeat } = options;
  const startedMs = performance.now();
  const beat = setInterval(heartbeat, HEARTBEAT_MS);
  try {
    const answer = await client.complete(request);
    const seconds = Math.round(performance.now() - startedMs) / 1000;
    return { schemaVersion: 1, promptVersion, model, promptSha256, ...request, answer, seconds };
  } finally {
    clearInterval(beat);
  }
}

/** A recorded exchange; another prompt under its key means that the decision's input or our prompts changed in between. */
function checked(text: string, key: string, promptSha256: string): Exchange {
  const exchange = JSON.parse(text) as Exchange;
  if (exchange.promptSha256 === promptSha256) return exchange;
  throw ApplicationFailure.nonRetryable(
    `${key}: expected the prompt ${promptSha256.slice(0, 8)}, got a record of ${exchange.promptSha256.slice(0, 8)}. ` +
      'The unfinished decision was begun with other prompts or inputs: delete its recorded calls to ask (and pay) again.',
    'LlmRecordMismatch',
  );
}
