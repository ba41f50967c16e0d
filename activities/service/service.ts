import type { Client } from '@temporalio/client';
import type { OrchestratorActivities } from '../../workflows/activities.js';
import { SEARCH_ATTRIBUTES, type SearchAttributeName } from '../../workflows/contract.js';

/** Questions that only the Temporal service can answer. */
export function createServiceActivities(options: {
  readonly client: Client;
  /** One warning a fault; told once a process. */
  readonly warn: (line: string) => void;
}): Pick<OrchestratorActivities, 'searchAttributes' | 'closedWorkflows'> {
  const { client, warn } = options;
  return {
    searchAttributes: async () => {
      const wanted = Object.keys(SEARCH_ATTRIBUTES);
      const missing: readonly string[] = await missingSearchAttributes(client);
      if (missing.length === 0) return wanted;
      const added = await register(client, missing, warn);
      return added ? wanted : wanted.filter((name) => !missing.includes(name));
    },
    closedWorkflows: async ({ workflowIds }) => {
      const closed = await Promise.all(
        workflowIds.map(async (id) => ((await isOpen(client, id)) ? [] : [id])),
      );
      return closed.flat();
    },
  };
}

/** Those of ours that the namespace does not know. */
export async function missingSearchAttributes(client: Client): Promise<readonly SearchAttributeName[]> {
  const { namespace } = client.options;
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
  const names = Object.keys(SEARCH_ATTRIBUTES) as readonly SearchAttributeName[];
  return names.filter((name) => !Object.hasOwn(customAttributes, name));
}

/** Registering needs an operator's right, which a shared cluster may refuse: then the rest works without. */
async function register(
  client: Client,
  names: readonly string[],
  warn: (line: string) => void,
): Promise<boolean> {
  const types = { KEYWORD: 2, DOUBLE: 4, INT: 3 } as const;
  const searchAttributes = Object.fromEntries(
    Object.entries(SEARCH_ATTRIBUTES)
      .filter(([name]) => names.includes(name))
      .map(([name, type]) => [name, types[type]]),
  );
  const { namespace } = client.options;
  try {
    await client.connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    warn(
      `search attributes: expected ${names.join(', ')} in namespace ${namespace}, could not register them (${why}). ` +
        'The exploration runs without them; register them with `temporal operator search-attribute create`.',
    );
    return false;
  }
}

async function isOpen(client: Client, workflowId: string): Promise<boolean> {
  const { workflowExecutionInfo } = await client.workflowService.describeWorkflowExecution({
    namespace: client.options.namespace,
    execution: { workflowId },
  });
  // 1: WORKFLOW_EXECUTION_STATUS_RUNNING
  return workflowExecutionInfo?.status === 1;
}
