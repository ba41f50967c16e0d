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
  keep(program: Program): void;
  /** Rejects when a program cannot be kept running. */
  readonly failed: Promise<never>;
  /** Stops all, the last started first; `hurry` cuts the grace time short. */
  stop(hurry?: Promise<void>): Promise<void>;
}

const MAX_DEATHS_IN_A_ROW = 5;
/** Ended from outside (a person, a preempted machine): that says nothing about whether the program can start. */
const KILLED = 'signal SIGKILL';
const LONGEST_BACKOFF_MS = 30_000;

/** Supervises child processes: restarts what dies, ends all in order, leaves nothing behind. */
export function createKeeper(options: KeeperOptions): Keeper {
  const { healthyMs = 20_000, backoffMs = 500 } = options;
  const kept: { readonly stop: (hurry?: Promise<void>) => Promise<void> }[] = [];
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  return {
    failed,
    keep: (program) => {
      kept.push(keepOne(program, { ...options, healthyMs, backoffMs }, fail));
    },
    stop: async (hurry) => {
      for (let one = kept.pop(); one !== undefined; one = kept.pop()) await one.stop(hurry);
    },
  };
}

function keepOne(program: Program, options: Required<KeeperOptions>, fail: (error: Error) => void) {
  const { record, say, healthyMs, backoffMs } = options;
  const stopping = new AbortController();
  let current: Running | null = null;

  const lifetime = async (): Promise<{ readonly ms: number; readonly killed: boolean }> => {
    const began = Date.now();
    const running = startProcess(program);
    current = running;
    if (running.identity !== null) record.add(program.name, running.identity);
    const how = await running.ended;
    if (running.identity !== null) record.remove(running.identity);
    if (!stopping.signal.aborted) say(`${program.name}: ended unasked (${how}); log: ${program.logFile}`);
    return { ms: Date.now() - began, killed: how === KILLED };
  };

  const loop = async (): Promise<void> => {
    let deaths = 0;
    let failures = 0;
    while (!stopping.signal.aborted) {
      const lived = await lifetime();
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
      `\`npx lamdagent doctor\` looks for causes. The end of ${logFile}:\n${tailOf(logFile)}`,
  );
}
