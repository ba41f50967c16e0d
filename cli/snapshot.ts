import { isGrpcServiceError, type Client } from '@temporalio/client';
import { JobProgressSchema } from '../activities/spec/contract.js';
import type { TopRow } from '../domain/exploration.js';
import type { JobProgress } from '../domain/outcome.js';
import type { StatusAnswer } from '../workflows/messages.js';
import { workflowIds } from '../workflows/contract.js';
import { EXIT, UserFault } from '../workers/fault.js';
import type { Job } from './jobLine.js';

/** What can be seen of a running exploration at one moment. */
export interface Snapshot {
  /** unknown: the service did not answer in time. */
  readonly state: 'running' | 'closed' | 'unknown';
  /** null: it is still preparing, or no orchestrator answers right now. */
  readonly status: StatusAnswer | null;
  readonly rows: readonly TopRow[];
  readonly jobs: readonly Job[];
}

const QUERY_MS = 4000;
// temporal.api.enums.v1: WORKFLOW_EXECUTION_STATUS_RUNNING, PENDING_ACTIVITY_STATE_STARTED
const RUNNING = 1;
const STARTED = 2;
// gRPC status code
const NOT_FOUND = 5;

export async function takeSnapshot(client: Client, name: string): Promise<Snapshot> {
  const workflowId = workflowIds.exploration(name);
  const [described, status, rows] = await Promise.all([
    describe(client, workflowId),
    query<StatusAnswer>(client, workflowId, 'status'),
    query<readonly TopRow[]>(client, workflowId, 'leaderboard'),
  ]);
  const children = (described?.pendingChildren ?? []).map((child) => child.workflowId ?? '');
  const inFlight = (status?.inFlight ?? []).map((one) => one.workflowId);
  const ids = [...new Set([...inFlight, ...children])];
  const labels = new Map((status?.inFlight ?? []).map((one) => [one.workflowId, one.proposed.label]));
  const jobs = await Promise.all(
    ids.map((id) => jobsUnder(client, id, `${lastPart(id)} ${labels.get(id) ?? ''}`.trimEnd())),
  );
  const own = jobsOf(described, workflowId, name);
  const isRunning = described?.workflowExecutionInfo?.status === RUNNING;
  const state = described === null ? 'unknown' : isRunning ? 'running' : 'closed';
  return { state, status, rows: rows ?? [], jobs: [...own, ...jobs.flat()] };
}

/** The activities that a workflow waits for; none where it isn't known (any more). */
export async function jobsUnder(client: Client, workflowId: string, label: string): Promise<readonly Job[]> {
  return jobsOf(await describe(client, workflowId).catch(() => null), workflowId, label);
}

type Described = Awaited<ReturnType<Client['workflowService']['describeWorkflowExecution']>>;

/** null when the service doesn't answer in time: the next look will tell. */
async function describe(client: Client, workflowId: string): Promise<Described | null> {
  const request = { namespace: client.options.namespace, execution: { workflowId } };
  try {
    return await client.withDeadline(Date.now() + QUERY_MS, () =>
      client.workflowService.describeWorkflowExecution(request),
    );
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === NOT_FOUND) throw unknownExploration(workflowId);
    return null;
  }
}

function unknownExploration(workflowId: string): UserFault {
  return new UserFault(
    `workflow: expected one that the service knows, got ${workflowId}. \`npx lamdagent list\` shows what the store knows.`,
    EXIT.usage,
  );
}

/** Queries need a living orchestrator: without one there is no answer. */
export async function query<T>(client: Client, workflowId: string, type: string): Promise<T | null> {
  const handle = client.workflow.getHandle(workflowId);
  const answer = client.withDeadline(Date.now() + QUERY_MS, () => handle.query<T>(type));
  return answer.catch(() => null);
}

function jobsOf(described: Described | null, workflowId: string, label: string): readonly Job[] {
  return (described?.pendingActivities ?? []).map((activity) => ({
    id: `${workflowId} ${activity.activityId ?? ''}`,
    label,
    activity: activity.activityType?.name ?? 'activity',
    isRunning: activity.state === STARTED,
    attempt: activity.attempt ?? 1,
    progress: progressOf(activity.heartbeatDetails?.payloads?.[0]?.data),
  }));
}

function progressOf(data: Uint8Array | null | undefined): JobProgress | null {
  if (!data) return null;
  try {
    return JobProgressSchema.safeParse(JSON.parse(Buffer.from(data).toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}

/** `t0003-1a2b3c4d` → `t0003`; `confirm-t0003` stays. */
function lastPart(workflowId: string): string {
  const part = workflowId.split('/').at(-1) ?? workflowId;
  return part.replace(/^(t\d+)-[0-9a-f]{8}$/, '$1');
}
