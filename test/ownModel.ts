import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = join(import.meta.dirname, '..');
const READY_MS = 180_000;

/** One command of the way, and what the terminal showed. */
export interface Shown {
  readonly command: string;
  readonly output: string;
}
/** How far the way goes. */
export interface Length {
  /** Rows of the file to train on. */
  readonly rows: number;
  readonly trials: number;
  /** What is exported; left out: the champion. */
  readonly trial?: string;
}

/** A person's folder: a model and two JSONL files, and nothing else. */
export function personsFolder({ rows }: Pick<Length, 'rows'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'lamdagent-own-'));
  const quickstart = join(root, 'examples/quickstart');
  cpSync(join(quickstart, 'model'), join(folder, 'model'), { recursive: true });
  const lines = readFileSync(join(quickstart, 'data/plural.jsonl'), 'utf8').split('\n').slice(0, rows);
  writeFileSync(join(folder, 'plurals.jsonl'), `${lines.join('\n')}\n`);
  copyFileSync(join(quickstart, 'data/terse.jsonl'), join(folder, 'pairs.jsonl'));
  return folder;
}

/**
 * From a person's own files to a model they can make again: every command as it stands in docs/own-model.md, run for real
 * on a server and workers of their own. Throws at the first one that fails.
 */
export async function walk(folder: string, { trials, trial }: Length): Promise<readonly Shown[]> {
  const env = {
    PATH: [join(root, '.venv/bin'), process.env['PATH']].join(':'),
    HOME: folder,
    LAMDAGENT_HOME: join(folder, '.lamdagent'),
    OMP_NUM_THREADS: '1',
    NO_COLOR: '1',
  };
  const shown: Shown[] = [];
  const run = (command: string): void => {
    const line = command.replace(/^lamdagent/, `'${process.execPath}' '${join(root, 'bin/lamdagent.mjs')}'`);
    const shell = ['-c', `exec ${line} 2>&1`]; // data and talk in the order of a terminal
    const { status, stdout: output } = spawnSync('sh', shell, { cwd: folder, encoding: 'utf8', env });
    if (status !== 0) throw new Error(`${command}: expected exit code 0, got ${String(status)}\n${output}`);
    shown.push({ command, output });
  };
  run(
    `lamdagent init --model model --data plurals.jsonl pairs.jsonl --name my-search --trials ${String(trials)}`,
  );
  run('lamdagent validate spec.yaml');
  await withWorkers({ folder, env }, () => {
    run('lamdagent start spec.yaml --follow');
  });
  run('lamdagent report my-search');
  run(`lamdagent export my-search ${trial === undefined ? '' : `${trial} `}my-model --with-base`);
  run('python my-model/rebuild.py');
  run('lamdagent recipe run my-model/recipe.yaml');
  return shown;
}

interface World {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

/** With `lamdagent up` in another terminal, as it were. */
async function withWorkers({ folder, env }: World, work: () => void): Promise<void> {
  const options = { cwd: folder, env, stdio: 'ignore', detached: true } as const;
  const up = spawn(process.execPath, [join(root, 'bin/lamdagent.mjs'), 'up'], options);
  const gone = once(up, 'exit');
  try {
    await ready(join(folder, '.lamdagent/server.json'));
    work();
  } finally {
    up.kill('SIGINT');
    await gone;
  }
}

async function ready(file: string): Promise<void> {
  for (const end = Date.now() + READY_MS; Date.now() < end; await sleep(500)) if (existsSync(file)) return;
  throw new Error(`lamdagent up: expected ${file} within ${String(READY_MS / 1000)} s, got none`);
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
