import type { Client } from '@temporalio/client';
import type { OrchestratorActivities } from '../../workflows/activities.js';
import { isClosed, registerAttributes, registeredAttributes } from './attributes.js';

/** Questions that only the Temporal service can answer. */
export function createServiceActivities(options: {
  readonly client: Client;
  /** One warning a fault; told once a process. */
  readonly warn: (line: string) => void;
}): Pick<OrchestratorActivities, 'searchAttributes' | 'closedWorkflows'> {
  const { client, warn } = options;
  return {
    searchAttributes: async () => {
      try {
        return await writableNames(client, warn);
      } catch (error) {
        if (!isClosed(error)) throw error;
        const why = error instanceof Error ? error.message : String(error);
        warn(`search attributes: expected a list of them, got ${why}. The exploration runs without them.`);
        return [];
      }
    },
    closedWorkflows: async ({ workflowIds }) => {
      const closed = await Promise.all(
        workflowIds.map(async (id) => ((await isOpen(client, id)) ? [] : [id])),
      );
      return closed.flat();
    },
  };
}

/** Those that may be written; registers what is missing first. */
async function writableNames(client: Client, warn: (line: string) => void): Promise<readonly string[]> {
  const { known, missing, otherwise } = await registeredAttributes(client);
  const failed = missing.length === 0 ? [] : await registerAttributes(client, missing);
  const odd = otherwise.map(({ name, type }) => ({ name, why: `${name} is there as ${type}` }));
  const without = [...failed, ...odd];
  if (without.length > 0)
    warn(
      `search attributes: expected ${without.map(({ name }) => name).join(', ')} in namespace ${client.options.namespace}, ` +
        `got none: ${without[0]?.why ?? ''}. The exploration runs without them; \`npx lamdagent doctor\` says how to register them.`,
    );
  return [...known, ...missing.filter((name) => !failed.some((one) => one.name === name))];
}

async function isOpen(client: Client, workflowId: string): Promise<boolean> {
  const { workflowExecutionInfo } = await client.workflowService.describeWorkflowExecution({
    namespace: client.options.namespace,
    execution: { workflowId },
  });
  // 1: WORKFLOW_EXECUTION_STATUS_RUNNING
  return workflowExecutionInfo?.status === 1;
}
