import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Slate, Suggest } from '../../domain/suggestion.js';

/** The sampler as a process of its own, without Temporal: for programs and tests that run policies directly. */
export interface SuggestProcess {
  readonly suggest: Suggest;
  stop(): Promise<void>;
}

type Answer = { readonly slate: Slate } | { readonly fault: string };

/** Requests are answered one by one, in order. The process knows nothing of our environment. */
export function startSuggestProcess(options: {
  /** The Python of the environment that holds the GPU worker. */
  readonly python: string;
}): SuggestProcess {
  const child = spawn(options.python, ['-m', 'lamdagent_gpu.suggest_loop'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { OMP_NUM_THREADS: '1' },
  });
  const waiting: { resolve(slate: Slate): void; reject(error: Error): void }[] = [];
  let ended: Error | null = null;
  const end = (how: string): void => {
    ended ??= new Error(`suggest process: expected it to run, got ${how}. See its lines above.`);
    for (const one of waiting.splice(0)) one.reject(ended);
  };
  child.once('error', (error) => {
    end(error.message);
  });
  const exited = once(child, 'exit').then(() => {
    end('its end');
  });
  exited.catch(() => undefined);
  child.stdin.on('error', () => undefined); // the exit tells more
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    const asker = waiting.shift();
    if ('slate' in answer) asker?.resolve(answer.slate);
    else asker?.reject(new Error(`suggest: ${answer.fault}`));
  });
  return {
    suggest: (request) =>
      new Promise((resolve, reject) => {
        if (ended !== null) {
          reject(ended);
          return;
        }
        waiting.push({ resolve, reject });
        child.stdin.write(`${JSON.stringify(request)}\n`);
      }),
    stop: async () => {
      child.stdin.end();
      await exited.catch(() => undefined);
    },
  };
}
