import { connectTo } from '../workers/connect.js';
import { EXIT } from '../workers/fault.js';
import { startInstallation } from '../workers/installation.js';
import type { Context } from './context.js';
import { follow } from './follow.js';
import { listenForInterrupt } from './interrupt.js';
import { finishedBefore, launch, type Wanted } from './launch.js';
import { showOutcome, showResult } from './outcome.js';

/**
 * Runs an exploration from nothing to its report with an installation of its own; a second call goes on, or shows the
 * result again. Returns the exit code. `command` is what the person typed, for the hints.
 */
export async function exploreHere(context: Context, wanted: Wanted, command: string): Promise<number> {
  const { name } = wanted.spec;
  const before = await finishedBefore(context, wanted);
  if (before !== null) {
    context.terminal.say(
      `exploration ${name} is finished already; \`${command} -- --fresh\` begins a new one`,
    );
    await showResult(context, name, before);
    return EXIT.ok;
  }
  const interrupt = listenForInterrupt();
  const say = (line: string): void => {
    context.terminal.say(line);
  };
  const installation = await startInstallation({ env: context.env, say, signal: interrupt.signal });
  try {
    const code = await Promise.race([explore(), installation.failed]);
    return interrupt.signal.aborted ? EXIT.interrupted : code;
  } finally {
    context.terminal.live([]);
    if (interrupt.signal.aborted) say('stopping: the GPU worker writes a checkpoint (Ctrl-C again: at once)');
    await installation.stop(interrupt.hurry);
    if (interrupt.signal.aborted) say('stopped. The same command goes on from here.');
  }

  async function explore(): Promise<number> {
    if (interrupt.signal.aborted) return EXIT.interrupted;
    say(`Temporal Web UI: ${installation.webUi}`);
    const client = await connectTo(installation.service);
    const launched = await launch(context, client, wanted);
    if (launched === 'attached') say(`going on with exploration ${name}`);
    await follow({ client, name, terminal: context.terminal, signal: interrupt.signal });
    return interrupt.signal.aborted ? EXIT.interrupted : showOutcome(context, client, name);
  }
}
