import { userInfo } from 'node:os';
import { WorkflowUpdateFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { connectTo, findService } from '../workers/connect.js';
import { EXIT, UserFault } from '../workers/fault.js';
import { untilTaken, wasDropped } from '../workers/untilTaken.js';
import { workflowIds } from '../workflows/contract.js';
import type { Context } from './context.js';

const ANSWER_MS = 30_000;

/** An update of an exploration's workflow; `input` is its one argument. */
export interface Message {
  readonly update: string;
  readonly name: string;
  readonly input: object;
}

/** Sends the update and shows its answer. A refusal is a fault with the workflow's own reason, exit code 1. */
export async function sendUpdate(
  { env, terminal }: Context,
  { update, name, input }: Message,
): Promise<number> {
  const client = await connectTo(await findService(env));
  const handle = client.workflow.getHandle(workflowIds.exploration(name));
  try {
    const answer = client.withDeadline(Date.now() + ANSWER_MS, () =>
      untilTaken(() => handle.executeUpdate<string, [object]>(update, { args: [input] })),
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
    if (wasDropped(error))
      throw new UserFault(
        `${name}: expected its workflow to take the update ${update}, but each of its workflow tasks fails. Nothing was changed. ` +
          'The Web UI shows why they fail (the last events of its history).',
      );
    throw error;
  }
}

/** Who acts, for the record; nothing where the system knows no name. */
export function acting(): { readonly by?: string } {
  try {
    return { by: userInfo().username };
  } catch {
    return {};
  }
}
