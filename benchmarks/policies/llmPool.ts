import { join } from 'node:path';
import type { LlmClient } from '../../activities/decide/exchange.js';
import { createOpenLlm, EMBEDDED_LIMITS, EMBEDDED_LLM } from '../../activities/decide/openLlm.js';
import { createEmbeddedLlm } from '../../workers/embeddedLlm.js';
import { readEnvironment } from '../../workers/env.js';
import { patiently } from '../patiently.js';

export interface LlmPool {
  readonly client: LlmClient;
  stop(): Promise<void>;
}

/** Embedded LLMs side by side, each started when it is first needed. Each takes one request at a time, on one core. */
export function openLlmPool(size: number): LlmPool {
  const { root, venv } = readEnvironment();
  const python = join(venv, 'bin', 'python');
  const members = Array.from({ length: size }, () => {
    const embedded = createEmbeddedLlm({ python, root, say: console.error });
    return { embedded, open: createOpenLlm({ apiKey: null, embedded: embedded.open }), busy: 0 };
  });
  const complete: LlmClient['complete'] = async (request) => {
    const [member] = [...members].sort((a, b) => a.busy - b.busy);
    if (member === undefined) throw new Error('LLM pool: expected a size of at least 1, got 0');
    member.busy += 1;
    try {
      return await patiently(async () => (await member.open(EMBEDDED_LLM)).complete(request));
    } finally {
      member.busy -= 1;
    }
  };
  return {
    client: { limits: EMBEDDED_LIMITS, complete },
    stop: async () => {
      await Promise.all(members.map(({ embedded }) => embedded.stop()));
    },
  };
}
