import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from './world.js';

/** Loaded as commands are, which the runner of the tests would not do: an error would have another class than its own. */
export const loadMain = () => import('../../cli/main.js');

/** What a command of this process left behind. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The variables that a command sees, nothing of ours; `more` may change LAMDAGENT_HOME too. */
export function variablesIn(world: World, more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: world.root, LAMDAGENT_HOME: world.home, ...more };
}

/** Runs one command line in this process, as in a terminal of its own without a person. One at a time. */
export async function runHere(
  world: World,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const [env, cwd] = [process.env, process.cwd()];
  const outputs = [caught(process.stdout), caught(process.stderr)] as const;
  const heard = SIGNALS.map((name) => [name, process.listeners(name)] as const);
  process.env = variablesIn(world, more);
  process.chdir(world.cwd);
  try {
    const { run } = await loadMain();
    const code = await run(args);
    return { code, stdout: outputs[0].text(), stderr: outputs[1].text() };
  } finally {
    for (const output of outputs) output.release();
    process.env = env;
    process.chdir(cwd);
    for (const [name, before] of heard)
      for (const listener of process.listeners(name))
        if (!before.includes(listener)) process.removeListener(name, listener);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Keeps what is written to a stream, which takes itself for a file meanwhile. */
function caught(stream: NodeJS.WriteStream) {
  const { isTTY } = stream;
  const write = stream.write.bind(stream);
  let text = '';
  stream.isTTY = false;
  stream.write = ((chunk: string | Uint8Array): boolean => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return true;
  }) as typeof stream.write;
  return {
    text: () => text,
    release: (): void => {
      stream.isTTY = isTTY;
      stream.write = write;
    },
  };
}

/** Every file and folder below, with its size and the time of its last change. */
export function snapshot(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return [path, ...snapshot(path)];
      if (!entry.isFile()) return [path];
      const { size, mtimeMs } = statSync(path);
      return [`${path} ${String(size)} ${String(mtimeMs)}`];
    });
}
