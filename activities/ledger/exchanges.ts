import type { Exchange } from '../decide/exchange.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';

/** What was sent to the LLM and what came back, call by call, as the store keeps it. */
export async function loadExchanges(
  store: Store,
  explorationId: string,
  { decision, calls }: { readonly decision: number; readonly calls: readonly unknown[] },
): Promise<readonly Exchange[]> {
  const texts = await Promise.all(
    calls.map((_, call) => store.read(keys.llmCall(explorationId, decision, call))),
  );
  return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as Exchange]));
}
