import type { Client } from '@temporalio/client';
import { createServiceActivities, missingSearchAttributes } from '../activities/service/service.js';
import { QUEUES, SEARCH_ATTRIBUTES } from '../workflows/contract.js';
import { connectTo, findService } from './connect.js';
import type { Finding } from './doctor.js';
import type { Environment } from './env.js';
import { EXIT, messageOf, UserFault } from './fault.js';
import { pollersOf } from './pollers.js';

const ANSWER_MS = 3000;
const TYPE_NAMES = { KEYWORD: 'Keyword', DOUBLE: 'Double', INT: 'Int' } as const;

/**
 * The Temporal service that is named, or runs here: whether it answers, and what its namespace lacks. None at all is no
 * fault where none is named. With `mend`, search attributes that are missing are registered.
 */
export async function serviceFindings(
  env: Environment,
  { mend }: { readonly mend: boolean },
): Promise<readonly Finding[]> {
  try {
    const client = await connectTo(await findService(env), ANSWER_MS);
    try {
      return await findingsOf(client, mend);
    } finally {
      await client.connection.close();
    }
  } catch (error) {
    if (!(error instanceof UserFault)) throw error;
    const isNone = error.exitCode === EXIT.unreachable && !env.hasTemporal;
    return [
      isNone
        ? { check: 'Temporal service', ok: true, found: 'none runs here, and none is named', fix: '' }
        : { check: 'Temporal service', ok: false, found: error.message, fix: '' },
    ];
  }
}

async function findingsOf(client: Client, mend: boolean): Promise<readonly Finding[]> {
  const { serverVersion = 'unknown' } = await client.workflowService.getSystemInfo({});
  const { namespace } = client.options;
  const service = { check: 'Temporal service', ok: true, found: `answers, server ${serverVersion}`, fix: '' };
  const known = await client.workflowService.describeNamespace({ namespace }).then(
    () => null,
    (error: unknown) => messageOf(error),
  );
  if (known !== null)
    return [
      service,
      {
        ...{ check: 'namespace', ok: false, found: `${namespace}: ${known}` },
        fix: `Make it (temporal operator namespace create --namespace ${namespace}), or set TEMPORAL_NAMESPACE.`,
      },
    ];
  return [
    service,
    { check: 'namespace', ok: true, found: namespace, fix: '' },
    await attributesFinding(client, mend),
    await orchestratorFinding(client),
  ];
}

/** Without them everything works but lists by name, phase and score in Temporal's own tools. */
async function attributesFinding(client: Client, mend: boolean): Promise<Finding> {
  let refusal = '';
  if (mend)
    await createServiceActivities({
      client,
      warn: (line) => {
        refusal = ` ${line}`;
      },
    }).searchAttributes();
  const missing = await missingSearchAttributes(client);
  const options = missing.map((name) => `--name ${name} --type ${TYPE_NAMES[SEARCH_ATTRIBUTES[name]]}`);
  return {
    check: 'search attributes',
    ok: missing.length === 0,
    found: missing.length === 0 ? 'registered' : `missing: ${missing.join(', ')}.${refusal}`,
    fix: `Run \`npx lamdagent doctor --fix\`, or temporal operator search-attribute create ${options.join(' ')}`,
  };
}

async function orchestratorFinding(client: Client): Promise<Finding> {
  const workers = await pollersOf(client, QUEUES.orchestrator, 'workflows');
  return {
    check: 'orchestrators',
    ok: workers.length > 0,
    found: workers.length > 0 ? workers.join('; ') : 'none: explorations stand still',
    fix: 'Run `npx lamdagent up`, or an orchestrator of the fleet.',
  };
}
