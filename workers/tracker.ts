import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { TrackedRun } from '../domain/trackedRun.js';
import { childEnvironment, type Environment } from './env.js';
import { UserFault } from './fault.js';

export const TRACKERS = ['tensorboard', 'wandb', 'mlflow'] as const;
export type TrackerName = (typeof TRACKERS)[number];

/** A process that writes to an experiment tracker (lamdagent_gpu.track). */
export interface TrackerProcess {
  /** Adds what is new of the run; how many points, scores, parameters and tags. Throws UserFault when it cannot. */
  write(run: TrackedRun): Promise<number>;
  close(): Promise<void>;
}

const Answer = z.object({ id: z.string(), added: z.number() });

/** `where`: a folder, or for MLflow a tracking URI. */
export function startTracker(
  { root, venv }: Pick<Environment, 'root' | 'venv'>,
  name: TrackerName,
  where: string,
): TrackerProcess {
  const python = join(venv, 'bin', 'python');
  if (!existsSync(python))
    throw new UserFault(`tracker ${name}: expected ${python}, got no such file. Run \`npm run setup\`.`);
  const child = spawn(python, ['-m', 'lamdagent_gpu.track', '--to', name, '--where', where], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: childEnvironment({ PYTHONPATH: join(root, 'python-gpu'), PYTHONUNBUFFERED: '1' }, ['tracker']),
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4000)));
  child.stdin.on('error', () => undefined); // a broken pipe shows as an end without an answer
  const ended = new Promise<number>((resolve) => {
    child.once('error', ({ message }) => {
      said = message;
      resolve(1);
    });
    child.once('close', (code) => {
      resolve(code ?? 1);
    });
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failure = (): UserFault =>
    new UserFault(said.trim() || `tracker ${name}: expected an answer, got the end of its process.`);
  return {
    write: async (run) => {
      child.stdin.write(`${JSON.stringify(run)}\n`);
      const { value, done } = await answers.next();
      if (done === true) {
        await ended;
        throw failure();
      }
      return Answer.parse(JSON.parse(value)).added;
    },
    close: async () => {
      child.stdin.end();
      if ((await ended) !== 0) throw failure();
    },
  };
}
