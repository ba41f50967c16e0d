import { isGrpcServiceError, type Client } from '@temporalio/client';
import {
  isClosed,
  registerAttributes,
  registerCommand,
  registeredAttributes,
  type RegisteredAttributes,
} from '../activities/service/attributes.js';
import { QUEUES, WORKFLOW_TYPES } from '../workflows/contract.js';
import { connectTo, findService, type Service } from './connect.js';
import type { Finding } from './doctor.js';
import type { Environment } from './env.js';
import { EXIT, messageOf, UserFault } from './fault.js';
import { orchestrators } from './pollers.js';

const CONNECT_MS = 3000;
const ANSWER_MS = 10_000;
// gRPC status codes
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;

/**
 * The service that commands talk to: whether it answers, its version, the namespace, our search attributes (`fix`
 * registers those that are missing) and who polls the orchestrator's queue.
 */
export async function serviceFindings(env: Environment, fix: boolean): Promise<readonly Finding[]> {
  const service = await findService(env).catch(noneOf);
  if (service === null)
    return [
      {
        check: 'Temporal service',
        ok: true,
        found: 'none runs here and none is named: `npm start` and `npx lamdagent up` bring their own',
        fix: '',
      },
    ];
  const client = await connectTo(service, CONNECT_MS).catch((error: unknown) => messageOf(error));
  if (typeof client === 'string') return [silent(service)];
  try {
    return await client.withDeadline(Date.now() + ANSWER_MS, () => askAll(client, service, fix));
  } catch (error) {
    const found = `${service.address}: ${messageOf(error)}`;
    return [{ check: 'Temporal service', ok: false, found, fix: 'Look at the log of the service.' }];
  } finally {
    await client.connection.close();
  }
}

/** Nothing runs and nothing is named: no fault. A profile that can't be read is one. */
function noneOf(error: unknown): null {
  if (error instanceof UserFault && error.exitCode === EXIT.unreachable) return null;
  throw error;
}

function silent({ address }: Service): Finding {
  return {
    check: 'Temporal service',
    ok: false,
    found: `no answer from ${address}`,
    fix: 'Start it, or mend TEMPORAL_ADDRESS, TEMPORAL_API_KEY, TEMPORAL_TLS… or the profile that names it.',
  };
}

async function askAll(client: Client, service: Service, fix: boolean): Promise<readonly Finding[]> {
  const { serverVersion } = await client.workflowService.getSystemInfo({});
  const webUi = service.webUi === null ? '' : ` (embedded; Web UI ${service.webUi})`;
  const answers = `${service.address} answers${webUi}, server ${serverVersion === '' ? 'of unknown version' : serverVersion}`;
  const namespace = await namespaceFinding(client);
  return [
    { check: 'Temporal service', ok: true, found: answers, fix: '' },
    namespace,
    ...(namespace.ok ? [await attributesFinding(client, fix), await queueFinding(client)] : []),
  ];
}

async function namespaceFinding(client: Client): Promise<Finding> {
  const check = 'namespace';
  const { namespace } = client.options;
  try {
    const { config } = await client.workflowService.describeNamespace({ namespace });
    const hours = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / 3600;
    const kept = hours > 0 ? `, keeps closed workflows ${String(Math.round(hours))} h` : '';
    return { check, ok: true, found: `${namespace}${kept}`, fix: '' };
  } catch (error) {
    if (codeOf(error) === PERMISSION_DENIED)
      return { check, ok: true, found: `${namespace}; this account may not ask more about it`, fix: '' };
    if (codeOf(error) !== NOT_FOUND) throw error;
    const fix = `Create it (\`temporal operator namespace create --namespace ${namespace}\`), or mend TEMPORAL_NAMESPACE.`;
    return { check, ok: false, found: `no ${namespace}`, fix };
  }
}

async function attributesFinding(client: Client, fix: boolean): Promise<Finding> {
  const check = 'search attributes';
  const { namespace } = client.options;
  try {
    const before = await registeredAttributes(client);
    const failed = fix && before.missing.length > 0 ? await registerAttributes(client, before.missing) : [];
    const now = fix ? { ...before, missing: failed.map(({ name }) => name) } : before;
    return {
      check,
      ...attributesText(now, {
        namespace,
        registered: before.missing.length - now.missing.length,
        why: failed[0]?.why ?? null,
      }),
    };
  } catch (error) {
    if (!isClosed(error)) throw error;
    const found = 'this account may not list them; explorations run without them';
    return { check, ok: true, found, fix: '' };
  }
}

/** Explorations run without them, but the Web UI can't find them by name, phase or score. */
function attributesText(
  { known, missing, otherwise }: RegisteredAttributes,
  {
    namespace,
    registered,
    why,
  }: { readonly namespace: string; readonly registered: number; readonly why: string | null },
): Omit<Finding, 'check'> {
  const [odd] = otherwise;
  const parts = [
    ...(missing.length === 0 ? [] : [`missing: ${missing.join(', ')}${why === null ? '' : ` (${why})`}`]),
    ...otherwise.map(({ name, type }) => `${name} is there as ${type}, which ours is not`),
  ];
  if (parts.length === 0) {
    const did = registered === 0 ? '' : `, ${String(registered)} of them registered now`;
    return { ok: true, found: `all ${String(known.length + registered)} are registered${did}`, fix: '' };
  }
  const [first] = missing;
  const remove =
    odd === undefined
      ? []
      : [`Take another namespace, since ${odd.name} belongs to somebody else in this one.`];
  const create =
    first === undefined
      ? []
      : [
          `Run \`npx lamdagent doctor --fix\`, or have an operator run \`${registerCommand(first, namespace)}\` and so on.`,
        ];
  return { ok: false, found: parts.join('; '), fix: [...create, ...remove].join(' ') };
}

/** Without an orchestrator explorations stand still, and nothing is lost. */
async function queueFinding(client: Client): Promise<Finding> {
  const check = 'orchestrators';
  const found = await orchestrators(client);
  const query = `WorkflowType="${WORKFLOW_TYPES.explore}" AND ExecutionStatus="Running"`;
  const { count } = await client.workflow.count(query);
  const waiting =
    count === 0
      ? 'none, and no exploration runs'
      : `none, and ${String(count)} running explorations need one`;
  return {
    check,
    ok: found.length > 0 || count === 0,
    found: found.length > 0 ? found.join('; ') : waiting,
    fix: `Start one that polls ${QUEUES.orchestrator}: \`npx lamdagent up\` here, \`npx lamdagent orchestrator\` in a fleet.`,
  };
}

function codeOf(error: unknown): number | null {
  return isGrpcServiceError(error) ? error.code : null;
}
