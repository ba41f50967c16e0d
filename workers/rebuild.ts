import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { childEnvironment, type Environment } from './env.js';

/** Makes the model of a recipe again in a process of its own (lamdagent_gpu.rebuild). */
export interface Rebuild {
  readonly recipe: string;
  /** Where the model and all work go. */
  readonly output: string;
  /** Files and folders that may hold what does not lie beside the recipe. */
  readonly places: readonly string[];
  readonly device: string;
}

/** Exit codes of lamdagent_gpu.rebuild are ours: 0 equal, 1 different, 2 unusable. `say` hears each line. */
export async function runRebuild(
  { root, venv }: Pick<Environment, 'root' | 'venv'>,
  { recipe, output, places, device }: Rebuild,
  say: (line: string) => void,
): Promise<number> {
  const child = spawn(
    join(venv, 'bin', 'python'),
    ['-m', 'lamdagent_gpu.rebuild', recipe, '--output', output, '--device', device].concat(
      places.flatMap((place) => ['--from', place]),
    ),
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: childEnvironment({
        PYTHONPATH: join(root, 'python-gpu'),
        PYTHONUNBUFFERED: '1',
        HF_HUB_OFFLINE: '1',
      }),
    },
  );
  for (const stream of [child.stdout, child.stderr]) linesOf(stream, say);
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}

function linesOf(stream: NodeJS.ReadableStream, say: (line: string) => void): void {
  createInterface({ input: stream }).on('line', say);
}
