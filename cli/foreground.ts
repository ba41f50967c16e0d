import type { Program } from '../workers/childProcess.js';
import { EXIT, messageOf } from '../workers/fault.js';
import { createKeeper } from '../workers/keeper.js';
import { listenForInterrupt } from './interrupt.js';
import type { Terminal } from './terminal.js';

/**
 * Keeps programs running here until Ctrl-C, SIGTERM or the end of all of them; the worst of their exit codes. No record of
 * processes is kept: they end when this one is gone.
 */
export async function runInForeground(programs: readonly Program[], terminal: Terminal): Promise<number> {
  const interrupt = listenForInterrupt();
  const all = programs.map((program) => kept(program, terminal));
  try {
    await Promise.race([interrupt.pressed, Promise.all(all.map(({ over }) => over))]);
  } finally {
    await Promise.all(all.map(({ stop }) => stop(interrupt.hurry)));
  }
  return Math.max(...all.map(({ exitCode }) => exitCode() ?? EXIT.failed));
}

/** Each has a keeper of its own: one that can't be kept running leaves the others alone. */
function kept(program: Program, { say }: Terminal) {
  const record = { add: () => undefined, remove: () => undefined };
  const keeper = createKeeper({ record, say });
  const { finished, exitCode } = keeper.keep(program);
  const over = Promise.race([finished, keeper.failed]).catch((error: unknown) => {
    say(messageOf(error));
  });
  return { over, exitCode, stop: keeper.stop };
}
