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

/** One server of the embedded LLM's weights. It takes one request at a time. */
interface Server {
  address(): Promise<{ readonly baseUrl: string }>;
  stop(): Promise<void>;
}

/**
 * The embedded LLM, served side by side: by servers that run already (`addresses`, OpenAI-compatible, of the same weights;
 * a llama.cpp built for the machine answers several times as fast), else by `size` of our own, each on one core and started
 * when it is first needed.
 */
export function openLlmPool(size: number, addresses: readonly string[]): LlmPool {
  const servers = addresses.length > 0 ? addresses.map(running) : Array.from({ length: size }, ownServer());
  const members = servers.map((server) => ({
    server,
    open: createOpenLlm({ apiKey: null, embedded: () => server.address() }),
    busy: 0,
  }));
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
      await Promise.all(members.map(({ server }) => server.stop()));
    },
  };
}

function running(baseUrl: string): Server {
  return { address: () => Promise.resolve({ baseUrl }), stop: () => Promise.resolve() };
}

function ownServer(): () => Server {
  const { root, venv } = readEnvironment();
  const python = join(venv, 'bin', 'python');
  return () => {
    const embedded = createEmbeddedLlm({ python, root, say: console.error });
    return { address: embedded.open, stop: embedded.stop };
  };
}
