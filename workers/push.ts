import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { childEnvironment, type Environment } from './env.js';
import { EXIT, UserFault } from './fault.js';

/** A repository of a hub to upload to; a new one is made. */
export interface PushTarget {
  /** `owner/name`. */
  readonly repository: string;
  /** Whether everybody may see a new repository. */
  readonly isPublic: boolean;
}

/** Throws UserFault where a push could only fail. */
export function requirePushable({ hubToken }: Pick<Environment, 'hubToken'>, repository: string): void {
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
    throw new UserFault(`--push: expected owner/name, got ${repository}.`, EXIT.usage);
  if (hubToken === null)
    throw new UserFault(
      '--push: expected HF_TOKEN, got none. Make a token that may write (https://huggingface.co/settings/tokens), and set it.',
      EXIT.usage,
    );
}

/** Uploads a folder in a process of its own (lamdagent_gpu.push); the address of the commit. Throws UserFault. */
export async function runPush(
  env: Pick<Environment, 'root' | 'venv' | 'hubEndpoint'>,
  folder: string,
  { repository, isPublic }: PushTarget,
): Promise<string> {
  const child = spawn(
    join(env.venv, 'bin', 'python'),
    ['-m', 'lamdagent_gpu.push', folder, repository, ...(isPublic ? ['--public'] : [])],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: childEnvironment(
        { PYTHONPATH: join(env.root, 'python-gpu'), HF_ENDPOINT: env.hubEndpoint, HF_HUB_OFFLINE: '0' },
        ['hub'],
      ),
    },
  );
  const [address, said, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  if (code === 0) return address.trim();
  throw new UserFault(said.trim() || `push to ${repository}: expected exit code 0, got ${String(code)}.`);
}
