import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { childEnvironment } from './env.js';
import type { Need } from './secrets.js';
import { identityOf, type ProcessIdentity } from './processIdentity.js';

/** A process to keep running. */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** null: its output is shown as ours. */
  readonly logFile: string | null;
  /** The secrets it gets; none where left out. */
  readonly needs?: readonly Need[];
  /** Exit codes that are its end; with any other it has died and is started again. None: it is to run for ever. */
  readonly lastCodes?: readonly number[];
  /** How long it may take to end after SIGTERM before SIGKILL. */
  readonly graceMs: number;
}

export interface Running {
  readonly identity: ProcessIdentity | null;
  /** Resolves with how it ended, in words. */
  readonly ended: Promise<string>;
  /** null while it runs, and when a signal ended it. */
  exitCode(): number | null;
  /** SIGTERM to its group, SIGKILL after the grace time or when `hurry` resolves. */
  stop(hurry?: Promise<void>): Promise<void>;
}

/** Starts the program in a process group of its own, so that the terminal's Ctrl-C reaches only us. */
export function startProcess(program: Program): Running {
  const log = program.logFile === null ? null : openSync(program.logFile, 'a');
  const child = spawn(program.command, program.args, {
    detached: true,
    stdio: log === null ? ['ignore', 'inherit', 'inherit'] : ['ignore', log, log],
    env: childEnvironment(program.env, program.needs),
  });
  if (log !== null) closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('exit', (code, signal) => {
      resolve(signal === null ? `exit code ${String(code)}` : `signal ${signal}`);
    });
  });
  const stop = (hurry?: Promise<void>): Promise<void> => stopGroup(child, ended, program.graceMs, hurry);
  return {
    identity: child.pid === undefined ? null : identityOf(child.pid),
    ended,
    exitCode: () => child.exitCode,
    stop,
  };
}

async function stopGroup(
  child: ChildProcess,
  ended: Promise<string>,
  graceMs: number,
  hurry?: Promise<void>,
): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  if (child.exitCode === null && child.signalCode === null) {
    signalGroup(pid, 'SIGTERM');
    const timer = deferredTimeout(graceMs);
    await Promise.race([ended, timer.done, ...(hurry === undefined ? [] : [hurry])]);
    timer.cancel();
  }
  signalGroup(pid, 'SIGKILL');
  await ended;
}

/** To the whole group; a group that is gone already is what was wanted. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // No such process group.
  }
}

/** The last lines of a log, for a message. */
export function tailOf(logFile: string, lines = 12): string {
  try {
    return readFileSync(logFile, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-lines)
      .map((line) => `    ${line}`)
      .join('\n');
  } catch {
    return '';
  }
}

export function deferredTimeout(ms: number): { readonly done: Promise<void>; cancel(): void } {
  let cancel = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    cancel = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  return {
    done,
    cancel: () => {
      cancel();
    },
  };
}
