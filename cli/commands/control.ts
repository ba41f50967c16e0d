import { WorkflowUpdateFailedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Command } from 'commander';
import { connectTo, findService } from '../../workers/connect.js';
import { EXIT, UserFault } from '../../workers/fault.js';
import { workflowIds } from '../../workflows/contract.js';
import type { Reason } from '../../workflows/messages.js';
import type { Context, Run } from '../context.js';

const MEANINGS = {
  stop: 'end the search now; the best so far is confirmed and tested',
  pause: 'let trials in flight go on, start no new ones',
  resume: 'go on after a pause',
} as const;
const ANSWER_MS = 20_000;

/** stop, pause, resume: updates of the exploration's workflow. */
export function addControls(program: Command, run: Run): void {
  for (const [update, meaning] of Object.entries(MEANINGS))
    program
      .command(update)
      .description(meaning)
      .argument('<name>')
      .option('--reason <text>', 'why, for the record')
      .action((name: string, reason: Reason) => run((context) => send(context, { update, name, reason })));
}

interface Message {
  readonly update: string;
  readonly name: string;
  readonly reason: Reason;
}

async function send({ env, terminal }: Context, { update, name, reason }: Message): Promise<number> {
  const client = await connectTo(await findService(env));
  const handle = client.workflow.getHandle(workflowIds.exploration(name));
  try {
    const answer = client.withDeadline(Date.now() + ANSWER_MS, () =>
      handle.executeUpdate<string, [Reason]>(update, { args: [reason] }),
    );
    terminal.say(`${name}: ${await answer}`);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError)
      throw new UserFault(
        `exploration: expected a running one, got ${name}, which does not run. \`npx lamdagent list\` shows all.`,
      );
    if (error instanceof WorkflowUpdateFailedError)
      throw new UserFault(`${name}: ${error.cause?.message ?? error.message}`);
    throw error;
  }
}
