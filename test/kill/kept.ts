import { readdirSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import type { Program } from '../../workers/childProcess.js';
import { createKeeper, type Keeper } from '../../workers/keeper.js';
import { isAlive, type ProcessIdentity } from '../../workers/processIdentity.js';
import { until } from './until.js';

/** One program of a world under a keeper of its own: it is started again at once when it dies. */
export interface Kept {
  readonly name: string;
  /** The id of the running process; waits while it is being started again. */
  pid(): Promise<number>;
  /** Whether this is the id of its running process, or of one that it started. */
  runs(pid: number): boolean;
  hasChild(pid: number): boolean;
  /** The ids of the processes it started itself (the trainer child of a GPU worker). */
  children(): Promise<readonly number[]>;
  /** SIGKILL to the process alone; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGKILL, and it stays down. */
  crash(): Promise<void>;
  start(): void;
  /** SIGTERM, with the program's own grace time; it stays down. */
  stop(): Promise<void>;
}

const BACKOFF_MS = 20;

export function keepProgram(program: () => Program, say: (line: string) => void): Kept {
  let current: ProcessIdentity | null = null;
  let keeper: Keeper | null = null;
  const record = {
    add: (_: string, identity: ProcessIdentity) => {
      current = identity;
    },
    remove: ({ pid, began }: ProcessIdentity) => {
      if (current?.pid === pid && current.began === began) current = null;
    },
  };
  const identity = async (): Promise<ProcessIdentity> =>
    until(`${program().name} runs`, 120, () => (current !== null && isAlive(current) ? current : null));
  const kept: Kept = {
    name: program().name,
    pid: async () => (await identity()).pid,
    runs: (pid) => current?.pid === pid,
    hasChild: (pid) => current !== null && childrenOf(current.pid).includes(pid),
    children: async () => childrenOf(await kept.pid()),
    kill: async () => {
      const victim = await identity();
      process.kill(victim.pid, 'SIGKILL');
      await until(`${program().name} is gone`, 60, () => !isAlive(victim));
    },
    crash: async () => {
      process.kill((await identity()).pid, 'SIGKILL');
      await kept.stop();
    },
    start: () => {
      // A death never counts as one in a row: being killed again and again is what this is for.
      keeper = createKeeper({ record, say, healthyMs: 0, backoffMs: BACKOFF_MS });
      keeper.keep(program());
    },
    stop: async () => {
      await keeper?.stop();
      keeper = null;
    },
  };
  return kept;
}

/** The ids of a process' direct children. */
export function childrenOf(pid: number): readonly number[] {
  return process.platform === 'linux' ? childrenOnLinux(pid) : childrenByPgrep(pid);
}

function childrenOnLinux(pid: number): readonly number[] {
  const parentOf = (entry: string): number => {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    } catch {
      return 0;
    }
  };
  const processes = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return processes.filter((entry) => parentOf(entry) === pid).map(Number);
}

function childrenByPgrep(pid: number): readonly number[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number);
  } catch {
    return [];
  }
}
