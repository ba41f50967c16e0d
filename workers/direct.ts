import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Suggest } from '../domain/suggestion.js';
import { childEnvironment, readEnvironment } from './env.js';

/** The GPU worker's code in a process of its own, without Temporal: for programs and tests that need no durability. */
export interface Direct {
  /** What an activity gives, one call at a time; its failure rejects with its type and message. */
  call<T>(activity: 'build' | 'evaluate' | 'health', input: unknown): Promise<T>;
  readonly suggest: Suggest;
  stop(): Promise<void>;
}

type Answer =
  | { readonly result: unknown; readonly failure?: undefined }
  | { readonly failure: { readonly type: string; readonly message: string } };

/** What of the process' own words is shown when it dies. */
const LAST_LINES = 20;

/** @param store The folder of its store; without one it can only make suggestions. */
export function startDirect({ store = null }: { readonly store?: string | null } = {}): Direct {
  const { root, venv } = readEnvironment();
  const of = store === null ? [] : ['--store', store];
  const child = spawn(join(venv, 'bin', 'python'), ['-m', 'lamdagent_gpu.direct', ...of], {
    cwd: join(root, 'python-gpu'),
    stdio: ['pipe', 'pipe', 'pipe'],
    env: childEnvironment({ OMP_NUM_THREADS: '1' }),
  });
  const words: string[] = [];
  const waiting: { resolve(result: unknown): void; reject(error: Error): void }[] = [];
  let ended: Error | null = null;
  const end = (how: string): void => {
    const said = words.length === 0 ? 'It said nothing.' : `Its last words:\n${words.join('\n')}`;
    ended ??= new Error(`lamdagent_gpu.direct: expected it to run, got ${how}. ${said}`);
    for (const one of waiting.splice(0)) one.reject(ended);
  };
  child.once('error', (error) => {
    end(error.message);
  });
  const closed = once(child, 'close').then(([code]) => {
    end(`its end (exit status ${String(code)})`);
  });
  closed.catch(() => undefined); // `error` told it
  child.stdin.on('error', () => undefined); // its end tells more
  createInterface({ input: child.stderr }).on('line', (line) => {
    words.push(line);
    if (words.length > LAST_LINES) words.shift();
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const asker = waiting.shift();
    const { failure, ...answer } = JSON.parse(line) as Answer;
    if (failure === undefined) asker?.resolve('result' in answer ? answer.result : undefined);
    else asker?.reject(new Error(`${failure.type}: ${failure.message}`));
  });
  const ask = <T>(name: string, input: unknown): Promise<T> =>
    new Promise((resolve, reject) => {
      if (ended !== null) {
        reject(ended);
        return;
      }
      waiting.push({
        resolve: (result) => {
          resolve(result as T);
        },
        reject,
      });
      child.stdin.write(`${JSON.stringify({ name, input })}\n`);
    });
  return {
    call: ask,
    suggest: (request) => ask('suggest', request),
    stop: async () => {
      child.stdin.end();
      await closed.catch(() => undefined);
    },
  };
}
