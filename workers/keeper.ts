import { deferredTimeout, startProcess, tailOf, type Program, type Running } from './childProcess.js';
import { UserFault } from './fault.js';
import type { ProcessRecord } from './processRecord.js';

export interface KeeperOptions {
  readonly record: ProcessRecord;
  /** One line for people. */
  readonly say: (line: string) => void;
  /** A child that lived this long counts as started; its next death is a first one. */
  readonly healthyMs?: number;
  /** The first wait before a restart; it doubles with each death in a row. */
  readonly backoffMs?: number;
}

export interface Keeper {
  /** Starts a program and keeps it running. Programs are stopped in the reverse order. */
  keep(program: Program): Kept;
  /** Rejects when a program cannot be kept running. */
  readonly failed: Promise<never>;
  /** Stops all, the last started first; `hurry` cuts the grace time short. */
  stop(hurry?: Promise<void>): Promise<void>;
}

export interface Kept {
  /** Resolves when it has ended by itself with one of its last codes. */
  readonly finished: Promise<void>;
  /** How it ended last; null while it runs, and when a signal ended it. */
  exitCode(): number | null;
}

const MAX_DEATHS_IN_A_ROW = 5;
/** Ended from outside (a person, a preempted machine): that says nothing about whether the program can start. */
const KILLED = 'signal SIGKILL';
const LONGEST_BACKOFF_MS = 30_000;

/** Supervises child processes: restarts what dies, ends all in order, leaves nothing behind. */
export function createKeeper(options: KeeperOptions): Keeper {
  const { healthyMs = 20_000, backoffMs = 500 } = options;
  const all: { readonly stop: (hurry?: Promise<void>) => Promise<void> }[] = [];
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  return {
    failed,
    keep: (program) => {
      const one = keepOne(program, { ...options, healthyMs, backoffMs }, fail);
      all.push(one);
      return one;
    },
    stop: async (hurry) => {
      for (let one = all.pop(); one !== undefined; one = all.pop()) await one.stop(hurry);
    },
  };
}

function keepOne(program: Program, options: Required<KeeperOptions>, fail: (error: Error) => void) {
  const { record, say, healthyMs, backoffMs } = options;
  const stopping = new AbortController();
  let current: Running | null = null;
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const hasFinished = (): boolean => {
    const code = current?.exitCode() ?? null;
    return code !== null && (program.lastCodes ?? []).includes(code);
  };

  const lifetime = async (): Promise<{ readonly ms: number; readonly killed: boolean }> => {
    const began = Date.now();
    const running = startProcess(program);
    current = running;
    if (running.identity !== null) record.add(program.name, running.identity);
    const how = await running.ended;
    if (running.identity !== null) record.remove(running.identity);
    if (!stopping.signal.aborted && !hasFinished()) {
      const log = program.logFile === null ? '' : `; log: ${program.logFile}`;
      say(`${program.name}: ended unasked (${how})${log}`);
    }
    return { ms: Date.now() - began, killed: how === KILLED };
  };

  const loop = async (): Promise<void> => {
    let deaths = 0;
    let failures = 0;
    while (!stopping.signal.aborted) {
      const lived = await lifetime();
      if (hasFinished()) {
        finish();
        return;
      }
      deaths = lived.ms >= healthyMs ? 1 : deaths + 1;
      failures = (lived.ms >= healthyMs ? 0 : failures) + (lived.killed ? 0 : 1);
      if (failures >= MAX_DEATHS_IN_A_ROW && !stopping.signal.aborted) {
        fail(crashLoop(program));
        return;
      }
      await pause(Math.min(backoffMs * 2 ** (deaths - 1), LONGEST_BACKOFF_MS), stopping.signal);
    }
  };

  const done = loop();
  return {
    finished,
    exitCode: (): number | null => current?.exitCode() ?? null,
    stop: async (hurry?: Promise<void>): Promise<void> => {
      stopping.abort();
      await current?.stop(hurry);
      await done;
    },
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const timer = deferredTimeout(ms);
  signal.addEventListener('abort', timer.cancel, { once: true });
  await timer.done;
  signal.removeEventListener('abort', timer.cancel);
}

function crashLoop({ name, logFile }: Program): UserFault {
  return new UserFault(
    `${name}: expected to keep running, ended ${String(MAX_DEATHS_IN_A_ROW)} times in a row at its start. ` +
      '`npx lamdagent doctor` looks for causes. ' +
      (logFile === null ? 'Its last words are above.' : `The end of ${logFile}:\n${tailOf(logFile)}`),
  );
}
