import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { childEnvironment, readEnvironment } from '../workers/env.js';

const ROOT = join(import.meta.dirname, '..');

/** The GPU worker's activities in a process of their own, without Temporal: `lamdagent_gpu.direct`. */
export interface Direct {
  /** One at a time; a failure of the activity rejects with its type and message. */
  call<T>(activity: string, input: unknown): Promise<T>;
  close(): void;
}

type Answer<T> =
  | { readonly result: T; readonly failure?: undefined }
  | { readonly failure: { readonly type: string; readonly message: string } };

export function startDirect(store: string): Direct {
  const python = join(readEnvironment({}).venv, 'bin', 'python');
  const child = spawn(python, ['-m', 'lamdagent_gpu.direct', '--store', store], {
    cwd: join(ROOT, 'python-gpu'),
    stdio: ['pipe', 'pipe', 'ignore'],
    env: childEnvironment({ OMP_NUM_THREADS: '1' }),
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  const ask = async <T>(activity: string, input: unknown): Promise<T> => {
    child.stdin.write(`${JSON.stringify({ activity, input })}\n`);
    const { done, value } = await lines.next();
    if (done === true) throw new Error(`${activity}: expected an answer, but the process ended`);
    const answer = JSON.parse(value) as Answer<T>;
    if (answer.failure !== undefined)
      throw new Error(`${activity}: ${answer.failure.type}: ${answer.failure.message}`);
    return answer.result;
  };
  return {
    call: <T>(activity: string, input: unknown) => {
      const next = last.then(() => ask<T>(activity, input));
      last = next.catch(() => undefined);
      return next;
    },
    close: () => {
      child.stdin.end();
    },
  };
}
