import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { variablesIn, type Ran } from './runHere.js';
import type { World } from './world.js';

const BIN = join(import.meta.dirname, '../../bin/lamdagent.mjs');
/** `nobody`, who may read what all may read, and write nowhere. */
const NOBODY = 65_534;

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** As somebody who may not write here; only root can arrange that, and else it is ourselves. */
  readonly isNobody?: boolean;
}

/** Whether a process can be run that may not write to the world: we are not root, or others may read the program too. */
export function canLackRights(): boolean {
  if (process.getuid?.() !== 0) return true;
  return [BIN, process.execPath].every((file) =>
    parents(file).every((folder) => (statSync(folder).mode & 0o005) === 0o005),
  );
}

function parents(file: string): readonly string[] {
  const folder = dirname(file);
  return folder === file ? [] : [folder, ...parents(folder)];
}

/** Runs the built command line in a process of its own, without a terminal and with a closed input. */
export function runProcess(
  world: World,
  args: readonly string[],
  { env = {}, isNobody = false }: ProcessOptions = {},
): Promise<Ran> {
  const identity = isNobody && process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: world.cwd,
      env: variablesIn(world, env),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...identity,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code: code ?? -1, stdout, stderr });
    });
  });
}
