import type { Client } from '@temporalio/client';
import type { OrchestratorActivities } from '../../workflows/activities.js';
import { registerAttributes, registeredAttributes } from './attributes.js';

/** Questions that only the Temporal service can answer. */
export function createServiceActivities(options: {
  readonly client: Client;
  /** One warning a fault; told once a process. */
  readonly warn: (line: string) => void;
}): Pick<OrchestratorActivities, 'searchAttributes' | 'closedWorkflows'> {
  const { client, warn } = options;
  const tell = (without: readonly { readonly name: string; readonly why: string }[], namespace: string): void => {
    warn(
      `search attributes: expected to have ${without.map(({ name }) => name).join(', ')} in namespace ${namespace}, ` +
        `got ${without[0]?.why ?? ''}. The exploration runs without them; \`npx lamdagent doctor\` says how to register them.`,
    );
  };
  return {
    searchAttributes: async () => {
      const { known, missing, otherwise } = await registeredAttributes(client);
      const failed = missing.length === 0 ? [] : await registerAttributes(client, missing);
      const without = [...failed, ...otherwise.map(({ name, type }) => ({ name, why: `it is of type ${type}` }))];
      if (without.length > 0) tell(without, client.options.namespace);
      return [...known, ...missing.filter((name) => !failed.some((one) => one.name === name))];
    },
    closedWorkflows: async ({ workflowIds }) => {
      const closed = await Promise.all(
        workflowIds.map(async (id) => ((await isOpen(client, id)) ? [] : [id])),
      );
      return closed.flat();
    },
  };
}

async function isOpen(client: Client, workflowId: string): Promise<boolean> {
  const { workflowExecutionInfo } = await client.workflowService.describeWorkflowExecution({
    namespace: client.options.namespace,
    execution: { workflowId },
  });
  // 1: WORKFLOW_EXECUTION_STATUS_RUNNING
  return workflowExecutionInfo?.status === 1;
}
