import type { Client } from '@temporalio/client';
import { connectTo, findService } from '../workers/connect.js';
import { EXIT, UserFault } from '../workers/fault.js';
import { startInstallation } from '../workers/installation.js';
import type { Context } from './context.js';
import type { Interrupt } from './interrupt.js';

/**
 * Works with a running service; where none runs and none is named, this home's own server and workers run for as long
 * as the work takes. `mine` says which: what is cut short on one's own goes on only at the next command.
 */
export async function withService(
  context: Context,
  interrupt: Interrupt,
  work: (client: Client, mine: boolean) => Promise<number>,
): Promise<number> {
  const service = await findService(context.env).catch((error: unknown) => {
    if (error instanceof UserFault && error.exitCode === EXIT.unreachable && !context.env.hasTemporal)
      return null;
    throw error;
  });
  if (service !== null) return work(await connectTo(service), false);
  const say = (line: string): void => {
    context.terminal.say(line);
  };
  say('no Temporal service runs: server and workers run here until this is done');
  const installation = await startInstallation({ env: context.env, say, signal: interrupt.signal });
  try {
    const client = await connectTo(installation.service);
    return await Promise.race([work(client, true), installation.failed]);
  } finally {
    context.terminal.live([]);
    await installation.stop(interrupt.hurry);
  }
}
